"""The selected CANN has every function of third_party/cann, with the declared types.

Compiling and linking the program is the check; here it is shown that it asks for them.
"""

import subprocess


def test_program_takes_every_library() -> None:
    command = ["nm", "--dynamic", "--undefined-only", "--format=posix"]
    program = "tests/build/conformance/program"
    text = subprocess.run([*command, program], check=True, capture_output=True, text=True).stdout
    names = {line.split()[0] for line in text.splitlines()}
    assert {"aclrtMalloc", "aclnnAdd", "aclCreateTensor", "HcclAllReduce"} <= names
    assert len([name for name in names if name.startswith(("acl", "Hccl"))]) > 300
