# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a quadruped does, whichever it is: a task of one robot names itself and the robot."""
