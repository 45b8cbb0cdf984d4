#include "sim/run/registry.h"

#include "arch/hailo/family.h"
#include "arch/kpu/family.h"

namespace cyclescope::run {

const std::vector<const machine::Family*>& families() {
  static const std::vector<const machine::Family*> table{&hailo::family(), &kpu::family()};
  return table;
}

const machine::Family* find_family(const std::string& name) {
  for (const machine::Family* family : families()) {
    if (family->name() == name) return family;
  }
  return nullptr;
}

}  // namespace cyclescope::run
