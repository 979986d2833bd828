# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Installs the package with colcon (as an ament_python package) and with pip (without ROS)."""

import os
import re
from pathlib import Path

from setuptools import find_packages, setup

NAME = "ros_rl"
NODES = ("driver", "guard", "controller", "collector", "learner", "supervisor", "evaluator", "teleoperator")
SHARED_FOLDERS = ("launch", "config", "models", "sim")

# What the ROS 2 wheels of Python's package index must bring. The middleware is named, as rclpy's metadata does not.
ROS_WHEELS = (
    "ros-rclpy",
    "ros-rmw-fastrtps-cpp",
    "ros-fastdds",
    "ros-rmw-dds-common",
    "ros-diagnostic-msgs",
    "ros-geometry-msgs",
    "ros-lifecycle-msgs",
    "ros-nav-msgs",
    "ros-rosgraph-msgs",
    "ros-sensor-msgs",
    "ros-std-msgs",
    "ros-std-srvs",
    "ros-visualization-msgs",
)


def version() -> str:
    """Return the version that package.xml states."""
    manifest = Path("package.xml").read_text(encoding="utf-8")
    match = re.search(r"<version>\s*([^<\s]+)\s*</version>", manifest)
    if match is None:
        raise SystemExit("package.xml states no <version>")
    return match.group(1)


def data_files() -> list[tuple[str, list[str]]]:
    """Return the files that go to share/, folder by folder: whatever lies in the shared folders is shipped."""
    files = [
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ]
    for shared in SHARED_FOLDERS:
        for folder, subfolders, names in os.walk(shared, followlinks=True):
            subfolders[:] = sorted(name for name in subfolders if not name.startswith((".", "__")))
            kept = [f"{folder}/{name}" for name in sorted(names) if not name.startswith(".") and name[-1] != "~"]
            if kept:
                files.append((f"share/{NAME}/{folder}", kept))
    return files


setup(
    name=NAME,
    version=version(),
    description="Off-policy and model-based reinforcement learning on real robots, with ROS 2",
    author="the ros_rl authors",
    maintainer="the ros_rl authors",
    maintainer_email="maintainers@ros-rl.invalid",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=find_packages(include=[NAME, f"{NAME}.*"]),
    package_data={NAME: ["py.typed"]},
    data_files=data_files(),
    zip_safe=False,
    install_requires=["numpy", "pyyaml", "onnxruntime", "mcap>=1.6"],
    extras_require={
        "sim": ["pybullet", "pillow"],
        "mujoco": ["mujoco>=3.3", "pillow"],
        "video": ["imageio-ffmpeg", "pillow"],
        "terminal": ["rich"],
        "learn": ["torch", "safetensors", "onnx", "onnxscript", "tensorboard", "matplotlib"],
        "ros": list(ROS_WHEELS),
        "gym": ["gymnasium[mujoco]>=1.0"],
        "go2": ["cyclonedds>=11,<12"],
        "xarm": ["xarm-python-sdk>=1.18"],
        "so101": ["feetech-servo-sdk>=1,<2"],
        "sphero": ["spherov2>=0.12", "bleak", "opencv-python-headless"],
        "ur": ["ur-rtde>=1.6"],
        "docs": ["sphinx>=8", "myst-parser>=4", "furo", "sphinx-autoapi>=3.3", "sphinx-copybutton"],
        "wandb": ["wandb>=0.18"],
        "bench": ["stable-baselines3", "psutil"],
        # what mbrl-lib 0.2.0 needs to plan; itself by `pip install --no-deps mbrl==0.2.0`, since the hydra-core that it
        # pins does not import under Python 3.11 and later
        "peers": [
            "pytorch-mppi>=0.9",
            "hydra-core>=1.3",
            "omegaconf>=2.3",
            "gymnasium",
            "matplotlib",
            "termcolor",
            "tqdm",
        ],
        "test": [
            "pytest",
            "pytest-timeout",
            "pytest-rerunfailures",
            "pytest-xdist",
            "hypothesis",
            "psutil",
            "imageio-ffmpeg",
            "rich",
            "cyclonedds>=11,<12",
            "feetech-servo-sdk>=1,<2",
            "xarm-python-sdk>=1.18",
            "spherov2>=0.12",
            "ur-rtde>=1.6; python_version < '3.13'",
        ],
        "dev": [
            "pytest",
            "pytest-timeout",
            "pytest-rerunfailures",
            "pytest-xdist",
            "hypothesis",
            "psutil",
            "imageio-ffmpeg",
            "rich",
            "cyclonedds>=11,<12",
            "feetech-servo-sdk>=1,<2",
            "xarm-python-sdk>=1.18",
            "spherov2>=0.12",
            "ur-rtde>=1.6; python_version < '3.13'",
            "ruff",
            "mypy",
            "mutmut>=3.8",
            "types-PyYAML",
            "pre-commit",
            "pre-commit-hooks",
            "colcon-core",
            "colcon-library-path",
            "colcon-metadata",
            "colcon-python-setup-py",
            "colcon-recursive-crawl",
            "colcon-ros",
        ],
    },
    entry_points={
        "console_scripts": [
            f"ros-rl = {NAME}.cli.start:main",
            *(f"{node} = {NAME}.nodes.start:main" for node in NODES),
        ],
    },
)
