# LibTorch as the target LibTorch::torch: Debian's libtorch-dev, or any other one whose prefix is in
# CMAKE_PREFIX_PATH, such as the folder `torch` of a PyPI wheel (site-packages/torch). The config
# files that LibTorch brings along look for CUDA compilers and protobuf, which nothing here needs.
#
#   LibTorch_VERSION   "1.13.1"
#   LibTorch_CUDA      whether it can use GPUs

find_path(LibTorch_INCLUDE_DIR ATen/ATen.h)
find_path(LibTorch_API_DIR torch/torch.h PATH_SUFFIXES torch/csrc/api/include)
find_library(LibTorch_TORCH_LIBRARY torch)
find_library(LibTorch_CPU_LIBRARY torch_cpu)
find_library(LibTorch_C10_LIBRARY c10)
find_library(LibTorch_CUDA_LIBRARY torch_cuda)
find_library(LibTorch_C10_CUDA_LIBRARY c10_cuda)
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_API_DIR LibTorch_TORCH_LIBRARY LibTorch_CPU_LIBRARY
  LibTorch_C10_LIBRARY LibTorch_CUDA_LIBRARY LibTorch_C10_CUDA_LIBRARY)

# 2.x keeps it in headeronly.
foreach(header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
  if(LibTorch_INCLUDE_DIR AND EXISTS ${LibTorch_INCLUDE_DIR}/${header})
    file(READ ${LibTorch_INCLUDE_DIR}/${header} header_text)
    if(header_text MATCHES "VERSION_MAJOR ([0-9]+).*VERSION_MINOR ([0-9]+).*VERSION_PATCH ([0-9]+)")
      set(LibTorch_VERSION ${CMAKE_MATCH_1}.${CMAKE_MATCH_2}.${CMAKE_MATCH_3})
      break()
    endif()
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_TORCH_LIBRARY LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY
                LibTorch_INCLUDE_DIR LibTorch_API_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "install libtorch-dev, or name a LibTorch in CMAKE_PREFIX_PATH")

if(LibTorch_FOUND AND NOT TARGET LibTorch::torch)
  set(LibTorch_CUDA OFF)
  set(libraries ${LibTorch_TORCH_LIBRARY} ${LibTorch_CPU_LIBRARY} ${LibTorch_C10_LIBRARY})
  if(LibTorch_CUDA_LIBRARY AND LibTorch_C10_CUDA_LIBRARY)
    set(LibTorch_CUDA ON)
    list(APPEND libraries ${LibTorch_CUDA_LIBRARY} ${LibTorch_C10_CUDA_LIBRARY})
  endif()
  add_library(LibTorch::torch INTERFACE IMPORTED)
  # As system headers: their warnings are not ours. --no-as-needed: the CUDA library registers its
  # kernels when it is loaded; nothing refers to it by name. What it needs of CUDA's libraries is
  # between it and the loader.
  target_include_directories(LibTorch::torch SYSTEM INTERFACE
    ${LibTorch_API_DIR} ${LibTorch_INCLUDE_DIR})
  if(EXISTS ${LibTorch_INCLUDE_DIR}/fmt AND NOT LibTorch_INCLUDE_DIR STREQUAL "/usr/include")
    # A wheel brings the headers of a fmt of its own, which hide the system's, without its library.
    target_compile_definitions(LibTorch::torch INTERFACE FMT_HEADER_ONLY)
  endif()
  target_link_libraries(LibTorch::torch INTERFACE -Wl,--push-state,--no-as-needed ${libraries}
    -Wl,--pop-state,--allow-shlib-undefined)
endif()
