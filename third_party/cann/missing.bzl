"""A rule that exists to fail well: what stands in for an installed CANN where there is none."""

def _impl(ctx):
    fail("""

CANN was not found: {reason}.
  --//third_party/cann:flavor=system builds against the CANN of this machine. Either
  - install CANN and put it on the environment: source <install path>/set_env.sh, which sets
    ASCEND_HOME_PATH (the folder that holds include/ and lib64/), or
  - leave the flag out: the default, flavor=emulator, needs no CANN.
""".format(reason = ctx.attr.reason))

cann_missing = rule(
    implementation = _impl,
    attrs = {"reason": attr.string(mandatory = True)},
)
