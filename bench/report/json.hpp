// A report as a JSON file, and back.
#pragma once

#include <filesystem>
#include <string>

#include "bench/report/report.hpp"
#include "pbft/result.hpp"

namespace bench {

std::string to_json(const Report& report);
/// Members that are missing read as their defaults, unknown ones are passed over: older and newer files can
/// be compared. Errors: invalid_argument.
pbft::Result<Report> report_from_json(const std::string& text);

/// Errors: io.
pbft::Result<void> write_text_file(const std::filesystem::path& path, const std::string& text);
pbft::Result<Report> read_report_file(const std::filesystem::path& path);

}  // namespace bench
