# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``python -m ros_rl.cli``: the command line where its script is not installed."""

import os
import sys

if not getattr(sys.flags, "safe_path", False) and sys.path[0] in ("", os.getcwd()):
    del sys.path[0]  # a module that lies in the working directory replaces none of Python's

from ros_rl.cli.start import main  # noqa: E402

sys.exit(main())
