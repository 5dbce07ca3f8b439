#pragma once
/// Names as people type them, and where they lead: folders, files, the zoo, the Hugging Face cache.

#include <optional>
#include <string>

#include "mnv4/arch/arch.h"

namespace mnv4::model {

/// A network of the zoo and, if a tag was named or is the default, the published weights of it.
struct ZooName {
  NetworkSpec spec;
  const PretrainedTag* tag = nullptr;  ///< null: a width variant timm does not list
};

enum class PlaceKind { kFolder, kSafeTensors, kNetworkText, kZoo };

struct Place {
  PlaceKind kind = PlaceKind::kZoo;
  std::string path;            ///< empty for kZoo
  std::optional<ZooName> zoo;  ///< for kZoo, and for folders that were found by a zoo name
};

/// Where `name` leads. In this order:
///   "hf-hub:ORG/MODEL[@REVISION]"   the snapshot in the Hugging Face cache
///   "local-dir:FOLDER", a folder or file on disk (told apart by content)
///   "ORG/MODEL[@REVISION]"          the same cache
///   "[mobilenetv4_]conv_small[.TAG]"  the cache's timm/..., else the zoo without weights
/// Throws Error(kInvalidArgument) with the nearest name, or with the place where the files of a
/// hub model belong.
Place Resolve(const std::string& name);

/// The zoo's network of "conv_small" or "mobilenetv4_conv_small.e2400_r224_in1k"; nullopt if there
/// is no such network. Throws Error(kInvalidArgument) for an unknown tag of a known one.
std::optional<ZooName> FindInZoo(const std::string& name);

/// The error that asks for the weights of a zoo name, with the place they belong.
[[noreturn]] void ThrowNoWeights(const ZooName& zoo);

/// The weights of a folder: model.safetensors, or its only .safetensors file. Throws
/// Error(kInvalidFile) if there is none; where there is only a pickle (.bin, .pth), which is never
/// opened, the text has the command that converts it.
std::string WeightsIn(const std::string& folder);

}  // namespace mnv4::model
