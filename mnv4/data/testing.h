#pragma once
/// What the tests of this folder share: archives, written by hand; names of classes.

#include <zlib.h>
#include <zstd.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "mnv4/data/class_map.h"

namespace mnv4::data::test {

/// Three classes with names.
inline ClassMap OwlCatFireTruck() {
  ClassMap classes(3);
  classes.AddNames(std::vector<std::string>{"owl", "cat", "fire truck"});
  return classes;
}

enum class Compression { kNone, kGzip, kZstd };

/// Name and content of the files of an archive.
using Files = std::vector<std::pair<std::string, std::string>>;

/// The header of a regular file, whatever its size is said to be.
inline std::string TarHeader(const std::string& name, unsigned long long size) {
  std::string header(512, '\0');
  const auto put = [&](size_t at, const std::string& text) {
    header.replace(at, text.size(), text);
  };
  char octal[16];
  std::snprintf(octal, sizeof octal, "%011llo", size);
  put(0, name.substr(0, 100));
  put(100, "0000644");
  put(124, octal);
  put(136, "00000000000");
  put(148, "        ");  // the checksum counts itself as spaces
  put(156, "0");
  put(257, std::string("ustar\00000", 8));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::snprintf(octal, sizeof octal, "%06o", sum);
  put(148, std::string(octal) + '\0');
  return header;
}

inline std::string Gzipped(const std::string& text) {
  z_stream stream = {};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string Zstandard(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

/// The bytes of a tar.
inline std::string MakeTar(const Files& files, Compression compression = Compression::kNone) {
  std::string tar;
  for (const auto& [name, content] : files) {
    tar += TarHeader(name, content.size()) + content;
    tar.append((512 - content.size() % 512) % 512, '\0');
  }
  tar.append(1024, '\0');
  if (compression == Compression::kGzip) return Gzipped(tar);
  return compression == Compression::kZstd ? Zstandard(tar) : tar;
}

}  // namespace mnv4::data::test
