import sys

from ascend_emulator.msprof.cli import main

sys.exit(main(sys.argv[1:]))
