#include "mnv4/train/initialise.h"

#include <cmath>
#include <variant>

#include "mnv4/arch/arch.h"
#include "mnv4/data/random.h"

namespace mnv4::train {
namespace {

// FNV-1a: a stream for each name.
uint64_t HashOf(const std::string& name) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

class Filler {
 public:
  Filler(Network& network, Initialisation kind, uint64_t seed)
      : network_(network), timm_(kind == Initialisation::kTimm), seed_(seed) {}

  void Fill(const Graph& graph) {
    for (const Node& node : graph.nodes) {
      if (const auto* op = std::get_if<Attention>(&node.op)) heads_ = op->heads;
    }
    for (const Node& node : graph.nodes) {
      const auto name = [&](size_t input) {
        return std::get<Parameter>(graph.at(node.inputs[input]).op).name;
      };
      if (const auto* op = std::get_if<Conv2d>(&node.op)) {
        FillConvolution(*op, node.scope, name(1));
        if (node.inputs.size() > 2) Constant(network_.parameters(), name(2), 0);
      } else if (std::holds_alternative<BatchNorm>(node.op)) {
        Constant(network_.parameters(), name(1), 1);
        Constant(network_.parameters(), name(2), 0);
        Constant(network_.statistics(), name(3), 0);
        Constant(network_.statistics(), name(4), 1);
      } else if (std::holds_alternative<ChannelScale>(node.op)) {
        Constant(network_.parameters(), name(1), 1e-5);
      } else if (std::holds_alternative<Linear>(node.op)) {
        const auto classes = static_cast<double>(network_.parameters().at(name(1)).size(0));
        Uniform(name(1), timm_ ? 1 / std::sqrt(classes) : 0.05);
        Constant(network_.parameters(), name(2), 0);
      }
    }
  }

 private:
  void FillConvolution(const Conv2d& op, const std::string& scope, const std::string& name) {
    const auto shape = network_.parameters().at(name).sizes();
    const auto out = static_cast<double>(shape[0]), in = static_cast<double>(shape[1]);
    const double area = static_cast<double>(op.kernel.h) * op.kernel.w;
    const bool depthwise = op.groups > 1;
    if (scope.find(".attn.") != std::string::npos) {
      Uniform(name, std::sqrt(6 / AttentionFans(scope, in, out, area, depthwise)));
    } else if (timm_) {
      Normal(name, std::sqrt(2 / (area * out / op.groups)), INFINITY);
    } else {
      // Keras takes all channels of a depthwise kernel for its fan-in. Its truncated normal is
      // widened so that what is left between -2 and 2 deviations has the wanted one.
      const double fan_in = area * (depthwise ? out : in);
      Normal(name, std::sqrt(1 / fan_in) / 0.87962566103423978, 2);
    }
  }

  // Fan-in plus fan-out as either code base counts them in attention.
  double AttentionFans(const std::string& scope, double in, double out, double area,
                       bool depthwise) const {
    if (timm_) return area * (in + out);
    if (depthwise) return area * (out + 1);
    const bool strided = network_.parameters().contains(scope.substr(0, scope.find(".attn.")) +
                                                        ".attn.key.down_conv.weight");
    // Without a stride, query and output are stored as [heads, d, c] and [c, heads, d].
    if (!strided && scope.ends_with("query.proj")) return heads_ * (out / heads_ + in);
    if (!strided && scope.ends_with("output.proj")) return out * (heads_ + in / heads_);
    return in + out;
  }

  static void Constant(const TensorDict& tensors, const std::string& name, double value) {
    const torch::NoGradGuard no_grad;
    tensors.at(name).detach().fill_(value);
  }

  template <class Function>
  void Each(const std::string& name, Function draw) {
    data::Random random(seed_, data::Use::kInitialise, HashOf(name), 0);
    const torch::Tensor& to = network_.parameters().at(name);
    torch::Tensor values = torch::empty(to.sizes(), torch::kFloat);
    float* at = values.data_ptr<float>();
    for (int64_t i = 0; i < values.numel(); ++i) at[i] = static_cast<float>(draw(random));
    const torch::NoGradGuard no_grad;
    to.detach().copy_(values);
  }

  void Uniform(const std::string& name, double bound) {
    Each(name, [&](data::Random& random) { return random.Between(-bound, bound); });
  }

  void Normal(const std::string& name, double deviation, double most) {
    Each(name, [&](data::Random& random) {
      double z = random.Normal();
      while (std::abs(z) > most) z = random.Normal();
      return deviation * z;
    });
  }

  Network& network_;
  const bool timm_;
  const uint64_t seed_;
  double heads_ = 1;  // the same in all blocks of a network
};

}  // namespace

void Initialise(Network& network, Initialisation kind, uint64_t seed) {
  Filler(network, kind, seed).Fill(Lower(network.spec(), 1, 64, 64));
}

}  // namespace mnv4::train
