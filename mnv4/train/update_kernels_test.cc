#include "mnv4/train/update_kernels.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <random>
#include <vector>

#include "mnv4/train/update_kernels_ref.h"

namespace mnv4::train {
namespace {

// w, g, a and b of `size` random elements; b is a mean square.
template <class T>
class Operands {
 public:
  explicit Operands(int64_t size) : size_(size) {
    std::mt19937 random(static_cast<uint32_t>(size) + 1);
    std::normal_distribution<double> normal;
    for (auto& operand : data_) {
      operand.resize(static_cast<size_t>(size) + 1, T(7));  // one more shows writes past the end
      for (int64_t i = 0; i < size; ++i) operand[i] = T(normal(random));
    }
    for (T& b : data_[3]) b *= b;
    data_[3].back() = T(7);
  }
  Stretch<T> stretch() {
    return {data_[0].data(), data_[1].data(), data_[2].data(), data_[3].data(), size_};
  }
  T* w() { return data_[0].data(); }
  T* a() { return data_[2].data(); }

  void ExpectNear(const Operands& other) const {
    for (size_t o = 0; o < data_.size(); ++o) {
      for (int64_t i = 0; i < size_; ++i) {
        const double want = other.data_[o][i];
        ASSERT_NEAR(data_[o][i], want, kTolerance * (1 + std::abs(want))) << o << " " << i;
      }
      ASSERT_EQ(data_[o].back(), T(7));
    }
  }
  static constexpr double kTolerance = 16 * double(std::numeric_limits<T>::epsilon());

 private:
  int64_t size_;
  std::array<std::vector<T>, 4> data_;
};

template <class T>
class UpdateKernelsTest : public ::testing::Test {
 protected:
  // Calls f(kernels, fast operands, reference operands) for every ISA and many sizes, then
  // compares.
  template <class F>
  void Compare(F f) {
    for (const char* cap : {"scalar", "sse4", "avx2", "avx512", "neon"}) {
      IsaSet isa;
      try {
        isa = CapIsa(DetectIsa(), cap);
      } catch (const std::exception&) {
        continue;  // not on this machine
      }
      for (int64_t size : {0, 1, 3, 4, 15, 16, 17, 31, 50, 1000}) {
        SCOPED_TRACE(cap);
        SCOPED_TRACE(size);
        Operands<T> fast(size), slow(size);
        f(UpdateKernelsFor<T>(isa), fast, slow);
        fast.ExpectNear(slow);
      }
    }
  }
};

using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(UpdateKernelsTest, Types);

TYPED_TEST(UpdateKernelsTest, AdamAgreesWithTheReference) {
  this->Compare([](const auto& kernels, auto& fast, auto& slow) {
    const AdamRule rule = {.l2 = 0.1,
                           .keep = 0.9,
                           .beta1 = 0.6,
                           .beta2 = 0.99,
                           .root_scale = 1.5,
                           .eps = 1e-3,
                           .rate = 0.1};
    kernels.adam(rule, fast.stretch());
    AdamRef(rule, slow.stretch());
  });
}

TYPED_TEST(UpdateKernelsTest, SgdAgreesWithTheReference) {
  for (bool nesterov : {false, true}) {
    for (bool momentum : {false, true}) {
      this->Compare([&](const auto& kernels, auto& fast, auto& slow) {
        const SgdRule rule = {.l2 = 0.1, .momentum = 0.9, .rate = 0.1, .nesterov = nesterov};
        auto f = fast.stretch(), s = slow.stretch();
        if (!momentum) f.a = s.a = nullptr;
        kernels.sgd(rule, f);
        SgdRef(rule, s);
      });
    }
  }
}

TYPED_TEST(UpdateKernelsTest, RmsPropAgreesWithTheReference) {
  this->Compare([](const auto& kernels, auto& fast, auto& slow) {
    const RmsPropRule rule = {.l2 = 0.1, .rho = 0.9, .momentum = 0.8, .eps = 2e-3, .rate = 0.1};
    kernels.rms_prop(rule, fast.stretch());
    RmsPropRef(rule, slow.stretch());
  });
}

TYPED_TEST(UpdateKernelsTest, LambAgreesWithTheReference) {
  this->Compare([](const auto& kernels, auto& fast, auto& slow) {
    const LambRule rule = {.l2 = 0.1,
                           .beta1 = 0.6,
                           .beta2 = 0.99,
                           .m_scale = 2.5,
                           .root_scale = 3,
                           .eps = 1e-3,
                           .decay = 0.1};
    const SquareSums got = kernels.lamb_moments(rule, fast.stretch());
    const SquareSums want = LambMomentsRef(rule, slow.stretch());
    const double tolerance = 4 * fast.kTolerance;
    EXPECT_NEAR(got.w, want.w, tolerance * want.w);
    EXPECT_NEAR(got.u, want.u, tolerance * want.u);
    kernels.lamb_apply(rule, 0.1, fast.stretch());
    LambApplyRef(rule, 0.1, slow.stretch());
  });
}

TYPED_TEST(UpdateKernelsTest, LerpAndSquareSumAgreeWithTheReference) {
  this->Compare([](const auto& kernels, auto& fast, auto& slow) {
    const int64_t size = fast.stretch().size;
    kernels.lerp(0.1, fast.w(), fast.a(), size);
    LerpRef(0.1, slow.w(), slow.a(), size);
    const double want = SquareSumRef(slow.w(), size);
    EXPECT_NEAR(kernels.square_sum(fast.w(), size), want, 4 * fast.kTolerance * want);
  });
}

// So the cut into stretches, and with it the number of threads, changes nothing.
TYPED_TEST(UpdateKernelsTest, GiveTheSameBitsHoweverTheMemoryIsCut) {
  using T = TypeParam;
  const UpdateKernels<T>& kernels = UpdateKernelsFor<T>(HostIsa());
  const AdamRule rule = {
      .l2 = 0.1, .keep = 0.9, .beta1 = 0.6, .beta2 = 0.99, .eps = 1e-3, .rate = 0.1};
  Operands<T> whole(100), cut(100);
  kernels.adam(rule, whole.stretch());
  const Stretch<T> all = cut.stretch();
  for (int64_t begin = 0; begin < all.size; begin += 7) {
    const int64_t size = std::min<int64_t>(7, all.size - begin);
    kernels.adam(rule, {all.w + begin, all.g + begin, all.a + begin, all.b + begin, size});
  }
  for (int64_t i = 0; i < all.size; ++i) EXPECT_EQ(whole.w()[i], cut.w()[i]) << i;
}

}  // namespace
}  // namespace mnv4::train
