import sys

from torch_npu.migrate import main

sys.exit(main())
