// Copyright 2026 the ros_rl authors
// SPDX-License-Identifier: Apache-2.0

// The client of Robotiq grippers that ur_rtde brings, at a stand-in: <address> <port>. It tells what it finds.
// Declared by hand, as ur_rtde's wheel has the library without its headers.

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

namespace ur_rtde {
class RobotiqGripper {
 public:
  enum eMoveMode { START_MOVE, WAIT_FINISHED };
  RobotiqGripper(const std::string& hostname, int port, bool verbose);
  void connect(uint32_t timeout_ms);
  void disconnect();
  bool isActive();
  void activate(bool auto_calibrate);
  void autoCalibrate(float speed);
  void getNativePositionRange(int& least, int& most);
  int move(float position, float speed, float force, eMoveMode mode);
  int getVar(const std::string& name);
  int faultStatus();

 private:
  char room_[8192];
};
}  // namespace ur_rtde

int main(int, char** argv) {
  ur_rtde::RobotiqGripper gripper(argv[1], std::atoi(argv[2]), false);
  gripper.connect(2000);
  const bool before = gripper.isActive();
  gripper.activate(false);
  const bool after = gripper.isActive();
  gripper.autoCalibrate(1.0f);
  int least = 0, most = 0;
  gripper.getNativePositionRange(least, most);
  const int closed = gripper.move(0.0f, 1.0f, 0.1f, ur_rtde::RobotiqGripper::WAIT_FINISHED);
  const int position = gripper.getVar("POS");
  std::cout << "\nfound " << before << ' ' << after << ' ' << least << ' ' << most << ' ' << closed << ' ' << position << ' '
            << gripper.faultStatus() << std::endl;
  std::_Exit(0);
}
