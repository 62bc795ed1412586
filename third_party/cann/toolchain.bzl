"""The CANN that programs of this tree are compiled and linked against: a toolchain, chosen by a flag."""

TOOLCHAIN_TYPE = "//third_party/cann:toolchain_type"

FLAVORS = ["emulator", "system"]

def _flavor_impl(ctx):
    if ctx.build_setting_value not in FLAVORS:
        fail("{flag}={value}: no such flavor. Use one of: {known}.".format(
            flag = ctx.label,
            value = ctx.build_setting_value,
            known = ", ".join(FLAVORS),
        ))
    return []

cann_flavor = rule(
    implementation = _flavor_impl,
    build_setting = config.string(flag = True),
)

def _toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(
        cc_info = cc_common.merge_cc_infos(
            direct_cc_infos = [ctx.attr.headers[CcInfo]],
            cc_infos = [ctx.attr.libraries[CcInfo]],
        ),
    )]

cann_toolchain = rule(
    implementation = _toolchain_impl,
    attrs = {
        "headers": attr.label(mandatory = True, providers = [CcInfo]),
        "libraries": attr.label(mandatory = True, providers = [CcInfo]),
    },
)

def _current_cann_impl(ctx):
    return [ctx.toolchains[TOOLCHAIN_TYPE].cc_info]

current_cann = rule(
    implementation = _current_cann_impl,
    doc = "Headers and libraries of the CANN that the flag selects, as a dependency of C++ rules.",
    incompatible_use_toolchain_transition = True,
    provides = [CcInfo],
    toolchains = [TOOLCHAIN_TYPE],
)
