# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``python -m ros_rl.cli``: the command line where its script is not installed."""

import sys

from ros_rl.cli.start import main

sys.exit(main())
