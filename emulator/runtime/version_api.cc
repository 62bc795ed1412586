#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "acl/acl_rt.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/version.h"

using namespace ascend_emulator;

namespace {

struct Package {
  aclCANNPackageName number;
  std::string_view name;
};

constexpr Package kPackages[] = {
    {ACL_PKG_NAME_CANN, "cann"},
    {ACL_PKG_NAME_RUNTIME, "runtime"},
    {ACL_PKG_NAME_COMPILER, "compiler"},
    {ACL_PKG_NAME_HCCL, "hccl"},
    {ACL_PKG_NAME_TOOLKIT, "toolkit"},
    {ACL_PKG_NAME_OPP, "opp"},
    {ACL_PKG_NAME_OPP_KERNEL, "opp_kernel"},
    {ACL_PKG_NAME_DRIVER, "driver"},
};

template <size_t kSize>
void copy_text(char (&target)[kSize], std::string_view text) {
  std::snprintf(target, kSize, "%.*s", static_cast<int>(text.size()), text.data());
}

}  // namespace

aclError aclsysGetCANNVersion(aclCANNPackageName name, aclCANNPackageVersion* version) {
  ACL_API_SCOPE(aclsysGetCANNVersion);
  if (version == nullptr || name < ACL_PKG_NAME_CANN || name > ACL_PKG_NAME_DRIVER) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclsysGetCANNVersion: package %d, version %p", name,
                static_cast<void*>(version));
  }
  const std::string_view whole = kCannVersion;
  const size_t first = whole.find('.');
  const size_t second = whole.find('.', first + 1);
  std::memset(version, 0, sizeof(*version));
  copy_text(version->version, whole);
  copy_text(version->majorVersion, whole.substr(0, first));
  copy_text(version->minorVersion, whole.substr(first + 1, second - first - 1));
  copy_text(version->releaseVersion, whole.substr(second + 1));
  return ACL_SUCCESS;
}

aclError aclsysGetVersionStr(char* pkgName, char* versionStr) {
  ACL_API_SCOPE(aclsysGetVersionStr);
  if (pkgName == nullptr || versionStr == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclsysGetVersionStr: a null pointer");
  }
  for (const Package& package : kPackages) {
    if (package.name != pkgName) continue;
    std::strcpy(versionStr, kCannVersion);
    return ACL_SUCCESS;
  }
  return fail(ACL_ERROR_RT_PARAM_INVALID, "aclsysGetVersionStr: there is no package \"%s\"",
              pkgName);
}
