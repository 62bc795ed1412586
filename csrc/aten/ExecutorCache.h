#pragma once

#include <ATen/core/IListRef.h>
#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>
#include <c10/util/OptionalArrayRef.h>
#include <c10/util/SmallVector.h>
#include <c10/util/intrusive_ptr.h>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "csrc/aten/AclnnArguments.h"
#include "csrc/core/NPUFormat.h"

// Executors of aclnn calls that were made before, to be launched again with other addresses: the
// first phase, which is the dear one, is then left out.
namespace at_npu::aclnn {

// What the first phase of a call depends on, which is everything but the addresses.
class CallKey {
 public:
  explicit CallKey(Launcher launcher) { add(std::bit_cast<uint64_t>(launcher)); }

  void add(Call& call, const Parameter& parameter, const at::Tensor& tensor) {
    if (!tensor.defined()) return add(kAbsent);
    call.check(parameter, tensor);
    const at::IntArrayRef sizes = tensor.sizes();
    const at::IntArrayRef strides = tensor.strides();
    add(static_cast<uint64_t>(tensor.scalar_type()) << 8 | sizes.size());
    for (const int64_t size : sizes) add(static_cast<uint64_t>(size));
    for (const int64_t stride : strides) add(static_cast<uint64_t>(stride));
    add(static_cast<uint64_t>(tensor.storage_offset()));
    const at::Storage& storage = tensor.storage();
    add(storage.nbytes());
    if (const auto* memory = c10_npu::formatted_memory(storage.data_ptr())) {
      add(memory->format);
      add_all(memory->storage_sizes);
    }
    addresses_.push_back(storage.mutable_data());
  }
  void add(Call& call, const Parameter& parameter, const std::optional<at::Tensor>& tensor) {
    tensor.has_value() ? add(call, parameter, *tensor) : add(kAbsent);
  }
  void add(Call&, const Parameter&, std::nullopt_t) { add(kAbsent); }
  void add(Call& call, const Parameter& parameter, const at::ITensorListRef& tensors) {
    add(tensors.size());
    for (const at::Tensor& tensor : tensors) add_element(call, parameter, tensor);
  }
  void add(Call& call, const Parameter& parameter,
           const c10::List<std::optional<at::Tensor>>& tensors) {
    add(tensors.size());
    for (const std::optional<at::Tensor>& tensor : tensors) {
      add_element(call, parameter, tensor.value_or(at::Tensor()));
    }
  }

  template <std::same_as<std::optional<at::TensorList>> Optional>
  void add(Call& call, const Parameter& parameter, const Optional& tensors) {
    tensors ? add(call, parameter, at::ITensorListRef(*tensors)) : add(kAbsent);
  }

  void add(Call&, const Parameter&, const at::Scalar& scalar);
  void add(Call& call, const Parameter& parameter, const std::optional<at::Scalar>& scalar) {
    scalar.has_value() ? add(call, parameter, *scalar) : add(kAbsent);
  }
  void add(Call& call, const Parameter& parameter, at::ArrayRef<at::Scalar> scalars) {
    add(scalars.size());
    for (const at::Scalar& scalar : scalars) add(call, parameter, scalar);
  }

  void add(Call&, const Parameter&, at::IntArrayRef values) { add_all(values); }
  void add(Call&, const Parameter&, const at::OptionalIntArrayRef& values) {
    values.has_value() ? add_all(*values) : add(kAbsent);
  }
  void add(Call&, const Parameter&, const c10::SmallVectorImpl<int64_t>& values) {
    add_all(at::IntArrayRef(values));
  }
  void add(Call&, const Parameter&, at::ArrayRef<float> values) {
    add(values.size());
    for (const float value : values) add(std::bit_cast<uint32_t>(value));
  }
  void add(Call&, const Parameter&, at::ArrayRef<bool> values) { add_all(values); }
  void add(Call&, const Parameter&, std::string_view text) { add_all(text); }
  void add(Call&, const Parameter&, const char* text) { add_all(std::string_view(text)); }
  void add(Call&, const Parameter&, at::ScalarType type) { add(static_cast<uint64_t>(type)); }
  void add(Call&, const Parameter&, double value) { add(std::bit_cast<uint64_t>(value)); }
  void add(Call&, const Parameter&, float value) { add(std::bit_cast<uint32_t>(value)); }
  template <class T>
    requires std::is_integral_v<T>
  void add(Call&, const Parameter&, T value) {
    add(static_cast<uint64_t>(value));
  }

  // What is not an argument: the device, and the options that CANN prepares with. Nothing is added
  // after that.
  void finish(c10::DeviceIndex device);

  // False: too long for the cache, or of a kind that it does not keep.
  bool is_usable() const { return words_.size() <= kMostWords && !has_absent_element_; }
  std::span<const uint64_t> words() const { return {words_.data(), words_.size()}; }
  uint64_t hash() const { return hash_; }  // after finish()

  using Addresses = c10::SmallVector<void*, 24>;  // only calls with long lists have more
  const Addresses& addresses() const { return addresses_; }

 private:
  static constexpr size_t kMostWords = 16384;
  static constexpr uint64_t kAbsent = ~uint64_t{0};

  void add(uint64_t word) { words_.push_back(word); }
  template <class Values>
  void add_all(const Values& values) {
    add(values.size());
    for (const auto value : values) add(static_cast<uint64_t>(value));
  }
  void add_element(Call& call, const Parameter& parameter, const at::Tensor& tensor) {
    if (!tensor.defined()) has_absent_element_ = true;
    add(call, parameter, tensor);
  }

  uint64_t hash_ = 0;
  bool has_absent_element_ = false;
  c10::SmallVector<uint64_t, 192> words_;
  Addresses addresses_;
};

// A prepared call that can be launched again and again.
class CachedExecutor : public c10::intrusive_ptr_target {
 public:
  CachedExecutor(const CallKey& key, const Launch& launch) : launch_(launch) {
    const auto words = key.words();
    key_.assign(words.begin(), words.end());
  }
  ~CachedExecutor() override;

  // The handles that the executor was prepared with, in the order of the parameters.
  template <class Handles>
  void keep(Handles handles) {
    std::apply([this](const auto&... handle) { (add_target(raw(handle)), ...); }, handles);
    handles_ = std::make_shared<Handles>(std::move(handles));
  }

  bool matches(const CallKey& key) const {
    return std::ranges::equal(std::span<const uint64_t>(key_), key.words());
  }
  uint64_t workspace_size() const { return launch_.workspace_size; }
  void launch(const CallKey::Addresses& addresses, void* workspace, aclrtStream stream) const;

 private:
  struct Target {
    size_t index;  // among the tensors and lists of tensors
    aclTensor* tensor;
    aclTensorList* list;  // with `tensor` null: its element `relative`
    size_t relative;
  };
  void add_target(aclTensor* tensor) { targets_.push_back({next_index_++, tensor, nullptr, 0}); }
  void add_target(aclTensorList* list);
  template <class Other>
  void add_target(Other) {}

  std::vector<uint64_t> key_;
  Launch launch_;
  size_t next_index_ = 0;
  std::vector<Target> targets_;
  std::shared_ptr<void> handles_;
};

struct ExecutorCacheStats {
  uint64_t hits, misses, not_cacheable;
};

// Bounded; each thread has its own, so that a look-up takes no lock.
class ExecutorCache {
 public:
  static constexpr size_t kSets = 1024;
  static constexpr size_t kWays = 8;

  static ExecutorCache& of_this_thread();
  static bool is_enabled();
  static ExecutorCacheStats stats();  // of all threads

  // nullptr: not there.
  const c10::intrusive_ptr<CachedExecutor>* find(const CallKey& key);
  void insert(uint64_t hash, c10::intrusive_ptr<CachedExecutor> executor);
  // Notes that the key was missed; whether it was the last time, too: what never comes again is not
  // worth keeping.
  bool missed_again(uint64_t hash);
  void count_not_cacheable();

  ExecutorCache();
  ~ExecutorCache();

 private:
  struct Entry {
    uint64_t hash = 0;
    bool hit = false;  // since it was last passed over
    c10::intrusive_ptr<CachedExecutor> executor;
  };
  struct Counters;
  struct AllCounters;
  static AllCounters& all_counters();

  // What each set holds, and the place that is given away next.
  template <class T>
  struct Sets {
    std::vector<T> places = std::vector<T>(kSets * kWays);
    std::array<uint8_t, kSets> next{};

    std::span<T> of(uint64_t hash) { return {places.data() + hash % kSets * kWays, kWays}; }
    T& turn(uint64_t hash) { return of(hash)[next[hash % kSets]++ % kWays]; }
  };
  Sets<Entry> kept_;
  Sets<uint64_t> missed_;
  std::unique_ptr<Counters> counters_;
};

// A hit, as it waits in the task queue.
struct CachedLaunch {
  c10::intrusive_ptr<CachedExecutor> executor;
  CallKey::Addresses addresses;
  void* workspace;
  aclrtStream stream;

  void operator()() const { executor->launch(addresses, workspace, stream); }
};
CachedLaunch make_cached_launch(const c10::intrusive_ptr<CachedExecutor>& executor,
                                const CallKey& key, const c10_npu::NPUStream& stream);

// Random numbers: seed and offset differ in every call.
template <size_t N>
bool is_cacheable(const Parameter (&parameters)[N]) {
  return std::ranges::none_of(parameters, [](const Parameter& parameter) {
    return std::string_view(parameter.name) == "seed" ||
           std::string_view(parameter.name) == "offset";
  });
}

}  // namespace at_npu::aclnn
