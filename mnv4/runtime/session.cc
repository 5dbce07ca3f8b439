#include "mnv4/runtime/session.h"

#include <algorithm>
#include <cstring>

#include "mnv4/base/check.h"
#include "mnv4/kernels/reference.h"

namespace mnv4::runtime {
namespace {

using kernels::Desc;
using kernels::kBlock;
using kernels::Layout;

// Writes the zeros around every image of `desc`, planes [begin, end) of n x blocks.
void ClearHalo(const Desc& desc, std::byte* data, int begin, int end) {
  if (desc.dense()) return;
  const size_t pixel = static_cast<size_t>(desc.pixel_stride()) * SizeOf(desc.dtype);
  const size_t row = static_cast<size_t>(desc.columns()) * pixel;
  const auto clear = [&](std::byte* from, int rows_or_pixels, size_t bytes) {
    std::memset(from, 0, static_cast<size_t>(rows_or_pixels) * bytes);
  };
  for (int plane = begin; plane < end; ++plane) {
    std::byte* line = data + static_cast<size_t>(plane) * static_cast<size_t>(desc.rows()) * row;
    clear(line, desc.halo.top, row);
    line += static_cast<size_t>(desc.halo.top) * row;
    for (int y = 0; y < desc.h; ++y, line += row) {
      clear(line, desc.halo.left, pixel);
      clear(line + static_cast<size_t>(desc.halo.left + desc.w) * pixel, desc.halo.right, pixel);
    }
    clear(line, desc.halo.bottom, row);
  }
}

int Planes(const Desc& desc) { return desc.n * (desc.layout == Layout::kNhwc ? 1 : desc.blocks()); }

// The share of `thread` in `units` pieces of work.
struct Range {
  int begin, end;
};
Range ShareOf(int units, int thread, int threads) {
  return {static_cast<int>(int64_t{units} * thread / threads),
          static_cast<int>(int64_t{units} * (thread + 1) / threads)};
}

}  // namespace

Session::Session(std::shared_ptr<const Plan> plan, ThreadPool& pool)
    : plan_(std::move(plan)),
      pool_(pool),
      arena_(plan_->arena_bytes()),
      claimed_(static_cast<size_t>(pool.threads())) {
  for (int thread = 0; thread < pool.threads(); ++thread) {
    scratch_.emplace_back(plan_->scratch_bytes());
  }
  FindNextWeights();
}

Session::Input Session::input(int image) const {
  const int slot = plan_->SlotOf("input");
  const Desc& desc = plan_->slots()[static_cast<size_t>(slot)].desc;
  MNV4_CHECK(image >= 0 && image < desc.n);
  return {At<float>(slot) + desc.Offset(0, image, 0, 0), desc.columns() * desc.pixel_stride(),
          desc.pixel_stride()};
}

// Beside each convolution a thread fetches what it reads first of the next one. Weights of
// depthwise layers are few.
void Session::FindNextWeights() {
  const std::vector<Step>& steps = plan_->steps();
  const auto threads = static_cast<size_t>(pool_.threads());
  next_weights_.resize(steps.size() * threads);
  std::vector<std::span<const std::byte>> next(threads);
  for (size_t i = steps.size(); i-- > 0;) {
    std::ranges::copy(next, next_weights_.begin() + static_cast<ptrdiff_t>(i * threads));
    const auto* conv = std::get_if<ConvStep>(&steps[i].run);
    if (conv == nullptr || conv->kernel->first_weights == nullptr) continue;
    const int units = conv->kernel->units(conv->problem, pool_.threads());
    for (int thread = 0; thread < pool_.threads(); ++thread) {
      const int unit = std::min(ShareOf(units, thread, pool_.threads()).begin, units - 1);
      next[static_cast<size_t>(thread)] =
          conv->kernel->first_weights(conv->problem, conv->packed->data(), unit, pool_.threads());
    }
  }
}

// What the first step needs.
void Session::Prepare() {
  const int input = plan_->SlotOf("input");
  const Desc& desc = plan_->slots()[static_cast<size_t>(input)].desc;
  ClearHalo(desc, At<std::byte>(input), 0, Planes(desc));
  for (Claimed& share : claimed_) share.units.store(0, std::memory_order_relaxed);
}

void Session::Run(std::span<double> step_seconds) {
  Prepare();
  pool_.RunSteps(
      plan_->steps().size(), [this](size_t step, int thread) noexcept { RunStep(step, thread); },
      step_seconds);
}

void Session::Run(const kernels::Pictures& pictures) {
  Prepare();
  const int input = plan_->SlotOf("input");
  const Desc& desc = plan_->slots()[static_cast<size_t>(input)].desc;
  pool_.RunSteps(plan_->steps().size() + 1, [&](size_t step, int thread) noexcept {
    if (step > 0) return RunStep(step - 1, thread);
    const Range rows = ShareOf(desc.n * desc.h, thread, pool_.threads());
    kernels::CopyRows(pictures, rows.begin, rows.end, desc, At<float>(input));
  });
}

void Session::RunStep(size_t index, int thread) noexcept {
  const int threads = pool_.threads();
  void* const scratch = scratch_[static_cast<size_t>(thread)].data();

  const auto clear_halo = [&](int slot) {
    const Desc& desc = plan_->slots()[static_cast<size_t>(slot)].desc;
    const Range share = ShareOf(Planes(desc), thread, threads);
    ClearHalo(desc, At<std::byte>(slot), share.begin, share.end);
  };
  const auto spread = [&](int units, auto&& run) {
    if (index == 0 && threads > 1) {
      // A parked worker needs some 30 us to wake: whoever is awake takes of its share too.
      for (int i = 0; i < threads; ++i) {
        const int owner = (thread + i) % threads;
        const Range share = ShareOf(units, owner, threads);
        const int chunk = std::max(1, (share.end - share.begin) / 8);
        std::atomic<int>& claimed = claimed_[static_cast<size_t>(owner)].units;
        for (int begin;
             (begin = share.begin + claimed.fetch_add(chunk, std::memory_order_relaxed)) <
             share.end;) {
          run(begin, std::min(begin + chunk, share.end));
        }
      }
      return;
    }
    const Range share = ShareOf(units, thread, threads);
    if (share.begin < share.end) run(share.begin, share.end);
  };

  const Step& step = plan_->steps()[index];
  if (const auto* conv = std::get_if<ConvStep>(&step.run)) {
    clear_halo(conv->y);
    const kernels::ConvArgs args = {
        .x = At<const void>(conv->x),
        .packed = conv->packed->data(),
        .residual = conv->residual < 0 ? nullptr : At<const void>(conv->residual),
        .y = At<void>(conv->y),
        .scratch = scratch,
        .next = next_weights_[index * static_cast<size_t>(threads) + static_cast<size_t>(thread)],
        .later = conv->later};
    spread(conv->kernel->units(conv->problem, threads), [&](int begin, int end) {
      conv->kernel->run(conv->problem, args, begin, end, threads);
    });
  } else if (const auto* attention = std::get_if<AttentionStep>(&step.run)) {
    clear_halo(attention->y);
    const kernels::AttentionArgs args = {.q = At<const void>(attention->q),
                                         .k = At<const void>(attention->k),
                                         .v = At<const void>(attention->v),
                                         .y = At<void>(attention->y),
                                         .scratch = scratch};
    spread(attention->kernel->units(attention->problem), [&](int begin, int end) {
      attention->kernel->run(attention->problem, args, begin, end);
    });
  } else if (const auto* pool = std::get_if<PoolStep>(&step.run)) {
    clear_halo(pool->y);
    spread(pool->kernel->units(pool->problem), [&](int begin, int end) {
      pool->kernel->run(pool->problem, At<const void>(pool->x), At<void>(pool->y), begin, end);
    });
  } else if (const auto* pointwise = std::get_if<PointwiseStep>(&step.run)) {
    clear_halo(pointwise->y);
    const float* scale =
        pointwise->scale_bias == nullptr ? nullptr : pointwise->scale_bias->as<const float>();
    const kernels::PointwiseArgs args = {
        .a = At<const void>(pointwise->a),
        .b = pointwise->b < 0 ? nullptr : At<const void>(pointwise->b),
        .scale = pointwise->gate < 0 ? scale : At<const float>(pointwise->gate),
        .bias = scale == nullptr ? nullptr : scale + pointwise->problem.y.blocks() * kBlock,
        .y = At<void>(pointwise->y)};
    spread(pointwise->kernel->units(pointwise->problem), [&](int begin, int end) {
      pointwise->kernel->run(pointwise->problem, args, begin, end);
    });
  }
}

size_t Session::OutputSize(const std::string& name) const {
  const Desc& desc = plan_->slots()[static_cast<size_t>(plan_->SlotOf(name))].desc;
  return static_cast<size_t>(desc.n) * static_cast<size_t>(desc.c) * static_cast<size_t>(desc.h) *
         static_cast<size_t>(desc.w);
}

void Session::CopyOutput(const std::string& name, std::span<float> nchw) const {
  const int slot = plan_->SlotOf(name);
  const Desc& desc = plan_->slots()[static_cast<size_t>(slot)].desc;
  MNV4_CHECK(nchw.size() == OutputSize(name) && desc.layout != Layout::kNhwc);
  float* out = nchw.data();
  for (int image = 0; image < desc.n; ++image) {
    for (int c = 0; c < desc.c; ++c) {
      for (int y = 0; y < desc.h; ++y) {
        const int64_t row = desc.PanelOffset(c / kBlock, image, y, 0) + c % kBlock;
        for (int x = 0; x < desc.w; ++x) {
          const int64_t at = row + x * desc.pixel_stride();
          *out++ = static_cast<float>(kernels::ElementAt(desc, At<const void>(slot), at));
        }
      }
    }
  }
}

}  // namespace mnv4::runtime
