#include "bench/load/load_arguments.hpp"

#include <type_traits>

namespace bench {
namespace {

/// Calls visit(option, member) for every member: the one list of them.
template <class Plan, class Visit>
void for_each_argument(Plan& plan, Visit visit) {
  visit("--cluster", plan.cluster);
  visit("--first-client", plan.first_client);
  visit("--clients", plan.clients);
  visit("--outstanding", plan.outstanding);
  visit("--rate", plan.rate);
  visit("--request-bytes", plan.request_bytes);
  visit("--reply-bytes", plan.reply_bytes);
  visit("--reads", plan.reads_percent);
  visit("--auth", plan.auth);
  visit("--seed", plan.seed);
  visit("--duration-ms", plan.duration);
  visit("--interval-ms", plan.interval);
  visit("--result", plan.result);
}

template <class T>
constexpr bool is_duration = std::is_same_v<std::remove_cv_t<T>, std::chrono::milliseconds>;

}  // namespace

void add_load_arguments(CLI::App& cli, LoadPlan& plan) {
  for_each_argument(plan, [&cli](const char* name, auto& member) {
    if constexpr (is_duration<std::remove_reference_t<decltype(member)>>) {
      cli.add_option_function<std::int64_t>(
             name, [&member](std::int64_t ms) { member = std::chrono::milliseconds(ms); })
          ->required();
    } else {
      cli.add_option(name, member)->required();
    }
  });
}

std::vector<std::string> load_arguments(const LoadPlan& plan) {
  std::vector<std::string> arguments;
  for_each_argument(plan, [&](const char* name, const auto& member) {
    arguments.push_back(name);
    using Member = std::remove_cvref_t<decltype(member)>;
    if constexpr (std::is_same_v<Member, std::filesystem::path>) {
      arguments.push_back(member.string());
    } else if constexpr (std::is_same_v<Member, std::string>) {
      arguments.push_back(member);
    } else if constexpr (is_duration<Member>) {
      arguments.push_back(std::to_string(member.count()));
    } else {
      arguments.push_back(std::to_string(member));
    }
  });
  return arguments;
}

}  // namespace bench
