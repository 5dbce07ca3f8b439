# The daily commands; CONTRIBUTING.md explains them. Everything is built under build/.

SHELL := /bin/bash
JOBS ?= $(shell nproc)
CTEST := ctest --output-on-failure -j $(JOBS) --preset

.PHONY: demo build train package wheel bench-peers test test-train test-all test-aarch64-smoke test-oracles \
  test-wheel packages packages-aarch64 packages-all packages-release packages-train \
  clean

## The program, at build/release/mnv4.
build: packages
	cmake --preset release
	cmake --build --preset release -j $(JOBS) --target mnv4 mnv4-scenes

## A .deb and a .tar.gz, in build/release/packages (docs/packages.md).
package: build packages-release
	cmake --build --preset release -j $(JOBS) --target mnv4_shared manual
	cpack --config build/release/CPackConfig.cmake

## The Python wheel, in build/wheel (docs/python.md).
wheel: packages-release
	tools/make_wheel.sh build/wheel

## Compose scenes, classify them with the default model, write build/demo/index.html.
demo: build
	tools/demo.sh build/release build/demo

## What CI runs: the release tests, then the same tests under the address sanitizer.
test: packages
	cmake --preset release
	cmake --build --preset release -j $(JOBS)
	cmake --preset asan
	cmake --build --preset asan -j $(JOBS)
	$(CTEST) asan
	$(if $(filter x86_64,$(shell uname -m)),$(MAKE) test-aarch64-smoke)
	$(CTEST) release

## The kernels and Conv-S as 64-bit Arm, cross-built, under qemu-user.
test-aarch64-smoke: packages-aarch64
	cmake --preset aarch64
	cmake --build --preset aarch64 -j $(JOBS) --target mnv4_kernels_test mnv4_parity_test
	$(CTEST) aarch64 -R 'Kernels|conv_small' -E NOT_BUILT

## mnv4-train, which needs LibTorch, at build/train/ beside a program mnv4 that finds it.
train: packages-train
	cmake --preset train
	cmake --build --preset train -j $(JOBS) --target mnv4 mnv4-train

## What CI runs after `test`: training, from gradients to killed and resumed runs.
test-train: train
	cmake --build --preset train -j $(JOBS) --target train_tests
	$(CTEST) train -L train

## Before a change lands: also the thread sanitizer, clang, all of Arm, a minute of fuzzing for each
## parser, instructions of whole networks, and other people's programs.
test-all: test test-train packages-all packages-aarch64
	cmake --preset dev && cmake --build --preset dev -j $(JOBS)
	cmake --preset tsan && cmake --build --preset tsan -j $(JOBS) && $(CTEST) tsan
	cmake --preset clang && cmake --build --preset clang -j $(JOBS) && $(CTEST) clang
	cmake --preset aarch64 && cmake --build --preset aarch64 -j $(JOBS) && $(CTEST) aarch64
	cmake --preset fuzz && cmake --build --preset fuzz -j $(JOBS) && $(CTEST) fuzz
	benchmarks/instructions.sh build/release
	$(MAKE) test-oracles test-wheel

## timm, torch, Pillow and TensorBoard must agree with us (tests/oracles/run.sh).
test-oracles: build packages-train
	cmake --build --preset release -j $(JOBS) --target mnv4_resave mnv4_write_events mnv4_augment
	cmake --preset train
	cmake --build --preset train -j $(JOBS) --target mnv4_train_probe
	tests/oracles/run.sh build/release build/train

## Our program against other CPU runtimes, on the published networks (docs/peers.md).
bench-peers: build packages-release
	cmake --build --preset release -j $(JOBS) --target mnv4_shared
	benchmarks/peers/run.sh build/release $(RACE)

## The wheel in a fresh environment must give the program's bits.
test-wheel: build packages-release
	tests/python/run.sh build/release

packages:
	@tools/install_packages.sh packages.txt
packages-release: packages
	@tools/install_packages.sh packages-release.txt
packages-train: packages
	@tools/install_packages.sh packages-train.txt
packages-aarch64: packages
	@tools/install_packages.sh packages-aarch64.txt
packages-all: packages
	@tools/install_packages.sh packages-all.txt

clean:
	rm -rf build
