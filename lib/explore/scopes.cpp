#include "explore/scope.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace pbft::explore {

namespace {

using Request = Scope::Request;

/// In view 0 replica 0 is primary.
const Request a_to_primary{1, 1, "a", {0}}, b_to_primary{2, 1, "b", {0}};
const Request a_to_all{1, 1, "a", {0, 1, 2, 3}};

Scope scope(std::string name, std::string about, std::vector<Request> requests) {
  Scope result;
  result.name = std::move(name);
  result.about = std::move(about);
  result.requests = std::move(requests);
  return result;
}

std::vector<Scope> make_scopes() {
  std::vector<Scope> all;

  Scope one =
      scope("normal-every-order", "one slot, three replicas, every order of delivery", {a_to_primary});
  one.fault = Fault::silent;
  one.faulty = {ReplicaId{3}};
  one.every_order = true;
  one.in_order = false;
  all.push_back(one);

  Scope silent =
      scope("silent-primary", "a primary that never says a word, every order of delivery", {a_to_all});
  silent.fault = Fault::silent;
  silent.faulty = {ReplicaId{0}};
  silent.every_order = true;
  silent.allowance = {.timers = 2};
  all.push_back(silent);

  Scope two = scope("normal", "two slots; delays and losses", {a_to_primary, b_to_primary});
  two.allowance = {.delays = 1, .drops = 1, .repeats = 1};
  all.push_back(two);

  Scope change =
      scope("view-change", "one slot in whichever phase, and a view change over it", {a_to_primary});
  change.allowance = {.delays = 1, .cuts = 1, .timers = 2};
  all.push_back(change);

  Scope every = scope("view-change-every-order",
                      "a slot and a view change, three replicas, every order of delivery", {a_to_primary});
  every.fault = Fault::silent;
  every.faulty = {ReplicaId{3}};
  every.every_order = true;
  every.allowance = {.timers = 2};
  all.push_back(every);

  Scope twice =
      scope("two-view-changes", "one slot and two view changes, one after the other", {a_to_primary});
  twice.allowance = {.cuts = 1, .timers = 4};
  all.push_back(twice);

  Scope old_primary = scope("byzantine-old-primary", "the primary of view 0 has two faces; one view change",
                            {a_to_primary, {2, 1, "b", {4}}});
  old_primary.fault = Fault::twins;
  old_primary.faulty = {ReplicaId{0}};
  old_primary.allowance = {.timers = 2, .silences = 2};
  all.push_back(old_primary);

  Scope new_primary =
      scope("byzantine-new-primary", "the primary of view 1 has two faces, and lies", {a_to_primary});
  new_primary.fault = Fault::twins;
  new_primary.faulty = {ReplicaId{1}};
  new_primary.allowance = {.cuts = 1, .timers = 2, .lies = 1, .silences = 1};
  all.push_back(new_primary);

  Scope backup =
      scope("byzantine-backup", "a backup has two faces, and lies, around a view change", {a_to_primary});
  backup.fault = Fault::twins;
  backup.faulty = {ReplicaId{3}};
  backup.allowance = {.cuts = 1, .timers = 2, .lies = 1, .silences = 1};
  all.push_back(backup);

  Scope restart =
      scope("restart", "one replica is killed at any moment, around a view change", {a_to_primary});
  restart.slow_disk = true;
  restart.allowance = {.delays = 1, .timers = 2, .crashes = 1};
  all.push_back(restart);

  Scope conflict = scope("restart-byzantine-primary", "one replica is killed while the primary has two faces",
                         {a_to_primary, {2, 1, "b", {4}}});
  conflict.fault = Fault::twins;
  conflict.faulty = {ReplicaId{0}};
  conflict.allowance = {.timers = 1, .crashes = 1, .silences = 1};
  all.push_back(conflict);

  Scope checkpoint = scope("checkpoint", "three slots with a checkpoint after two, and a view change",
                           {a_to_primary, b_to_primary, {3, 1, "c", {0}}});
  checkpoint.checkpoint_interval = 2;
  checkpoint.allowance = {.cuts = 1, .timers = 2};
  all.push_back(checkpoint);
  return all;
}

}  // namespace

bool Scope::is_faulty(ReplicaId replica) const {
  return std::find(faulty.begin(), faulty.end(), replica) != faulty.end();
}

namespace {
struct Named {
  std::string_view name;
  std::uint8_t Allowance::* value;
};
constexpr std::array<Named, 8> named{{{"delays", &Allowance::delays},
                                      {"drops", &Allowance::drops},
                                      {"repeats", &Allowance::repeats},
                                      {"cuts", &Allowance::cuts},
                                      {"timers", &Allowance::timers},
                                      {"crashes", &Allowance::crashes},
                                      {"lies", &Allowance::lies},
                                      {"silences", &Allowance::silences}}};
}  // namespace

Allowance with_more(Allowance allowance, std::uint8_t more) {
  for (const Named& each : named) {
    std::uint8_t& value = allowance.*each.value;
    if (value > 0) value = static_cast<std::uint8_t>(std::min(value + more, 63));
  }
  return allowance;
}

bool allow(Allowance& allowance, std::string_view text) {
  for (const Named& each : named) {
    if (!text.starts_with(each.name) || text.size() <= each.name.size() || text[each.name.size()] != '=')
      continue;
    const std::string_view number = text.substr(each.name.size() + 1);
    std::uint8_t& value = allowance.*each.value;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    return error == std::errc{} && end == number.data() + number.size() && value < 64;
  }
  return false;
}

const std::vector<Scope>& scopes() {
  static const std::vector<Scope> all = make_scopes();
  return all;
}

const Scope* find_scope(std::string_view name) {
  for (const Scope& each : scopes()) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

}  // namespace pbft::explore
