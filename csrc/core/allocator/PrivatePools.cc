#include "csrc/core/allocator/PrivatePools.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <ranges>

namespace c10_npu::allocator {

PrivatePool& PrivatePools::find(MempoolId_t id) {
  const auto found = pools_.find(id);
  TORCH_CHECK(found != pools_.end() && found->second.uses > 0, "there is no npu memory pool (",
              id.first, ", ", id.second, "), or nobody holds it any more");
  return found->second;
}

void PrivatePools::add_use(MempoolId_t id, std::shared_ptr<SegmentSource> source) {
  TORCH_CHECK(id != MempoolId_t(0, 0), "(0, 0) is the common memory and no pool of its own");
  PrivatePool& pool = pools_.try_emplace(id, id).first->second;
  ++pool.uses;
  if (source) pool.source = std::move(source);
}

void PrivatePools::drop_use(MempoolId_t id) { --find(id).uses; }

int PrivatePools::uses(MempoolId_t id) const {
  const auto found = pools_.find(id);
  return found == pools_.end() ? 0 : found->second.uses;
}

void PrivatePools::begin_routing(MempoolId_t id, Filter filter) {
  add_use(id);
  routes_.push_back({&find(id), std::move(filter)});
}

void PrivatePools::end_routing(MempoolId_t id) {
  const auto newest = std::ranges::find_if(
      routes_.rbegin(), routes_.rend(), [&](const Route& route) { return route.pool->id == id; });
  TORCH_CHECK(newest != routes_.rend(), "no allocations go to the npu memory pool (", id.first,
              ", ", id.second, ")");
  routes_.erase(std::next(newest).base());
}

PrivatePool* PrivatePools::route(c10::Stream stream) {
  for (const Route& route : std::views::reverse(routes_)) {
    if (route.filter(stream)) return route.pool;
  }
  return nullptr;
}

void PrivatePools::sweep() {
  std::erase_if(pools_, [](const auto& entry) {
    return entry.second.uses == 0 && entry.second.segments == 0;
  });
}

}  // namespace c10_npu::allocator
