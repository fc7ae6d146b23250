// The faults that `pbft-bench faults` tries.
#pragma once

#include <string>
#include <vector>

namespace bench {

struct ListedFault {
  std::string name;   ///< As a table shows it.
  std::string fault;  ///< WHAT:WHO, as --fault understands it.
};

/// One replica or one client at a time; replica 3 stands for a backup.
std::vector<ListedFault> fault_list();

}  // namespace bench
