#pragma once

#include <string>
#include <vector>

namespace stos::program {

/// `stos experiment FILE PROGRAM ARGUMENTS...`: see subcommand.hpp, and plan_reader.hpp for FILE.
///
/// Makes the runs that are not done yet (sweep.hpp), then writes runs.csv, points.csv, series.csv
/// and the pictures into the folder of the experiment. Returns 0; 1 if runs have failed, or
/// something cannot be read, started or written, or the folder is another experiment's; 2 when FILE
/// is wrong; 128 and the signal that has ended it.
int experiment(const std::vector<std::string>& words);

} // namespace stos::program
