// What a user meets who makes keys and files, and mistakes in them.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "pbft/config.hpp"
#include "system/process.hpp"

using namespace system_test;

namespace {

unsigned mode_of(const fs::path& path) {
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

/// Files of a sound cluster, to be spoilt.
struct Files {
  TemporaryFolder folder;
  fs::path cluster = folder / "c1/cluster.toml";
  fs::path replica = folder / "c1/r0/replica.toml";
  fs::path key = folder / "c1/r0/key";
  fs::path client = folder / "c1/client0.toml";

  Files() { REQUIRE(run({"pbft", "cluster", "init", "--f", "1", "--dir", folder / "c1"}).exit_code == 0); }

  /// Line of the `nth` (from 1) line of cluster.toml that begins with `start`.
  std::string line(const std::string& start, int nth = 1) const {
    std::istringstream text(read_text(cluster));
    int number = 0;
    for (std::string each; std::getline(text, each);) {
      ++number;
      if (each.starts_with(start) && --nth == 0) return ":" + std::to_string(number) + ": ";
    }
    FAIL("no such line: " << start);
    return "";
  }
  std::string public_key(int nth) const {
    const std::string text = read_text(cluster);
    std::size_t at = 0;
    for (int i = 0; i <= nth; ++i) at = text.find("public_key = \"", at) + 14;
    return text.substr(at, 64);
  }
};

/// Every program that reads the file ends with the same line.
void check_refused(const Files& files, const std::vector<std::string>& parts) {
  for (const Outcome& outcome :
       {run({"pbft", "config", "check", files.cluster}), run({"counter-replica", "--config", files.replica}),
        run({"counter-client", "--config", files.client, "get"})}) {
    CHECK(outcome.exit_code == 2);
    CHECK(is_one_line_with(outcome, parts));
  }
}

void check_replica_refused(const Files& files, const std::vector<std::string>& parts) {
  for (const Outcome& outcome : {run({"pbft", "config", "check", files.replica}),
                                 run({"counter-replica", "--config", files.replica})}) {
    CHECK(outcome.exit_code == 2);
    CHECK(is_one_line_with(outcome, parts));
  }
}

}  // namespace

TEST_CASE("keygen: the secret goes into a file of mode 0600, the public key to stdout") {
  const TemporaryFolder folder;
  const Outcome made = run({"pbft", "keygen", "--out", folder / "key"});
  CHECK(made.exit_code == 0);
  CHECK(mode_of(folder / "key") == 0600);
  REQUIRE(made.out.size() == 65);
  CHECK(pbft::public_key_from_text(made.out.substr(0, 64)));
  CHECK(read_text(folder / "key").find(made.out.substr(0, 64)) == std::string::npos);
}

TEST_CASE("keygen: never the same key twice, and never over an existing file") {
  const TemporaryFolder folder;
  const std::string first = run({"pbft", "keygen", "--out", folder / "a"}).out;
  CHECK(run({"pbft", "keygen", "--out", folder / "b"}).out != first);
  const std::string before = read_text(folder / "a");
  const Outcome again = run({"pbft", "keygen", "--out", folder / "a"});
  CHECK(again.exit_code == 1);
  CHECK(is_one_line_with(again, {(folder / "a").string(), "exists"}));
  CHECK(read_text(folder / "a") == before);
}

TEST_CASE("cluster init: all files, secrets with mode 0600, and every file sound and of one cluster") {
  const TemporaryFolder folder;
  const fs::path c2 = folder / "c2";
  const Outcome made = run({"pbft", "cluster", "init", "--f", "2", "--dir", c2, "--clients", "2"});
  CHECK(made.exit_code == 0);
  CHECK(made.err == "");
  std::vector<fs::path> tomls = {c2 / "cluster.toml", c2 / "client0.toml", c2 / "client1.toml"};
  std::vector<fs::path> keys = {c2 / "client0.key", c2 / "client1.key"};
  for (int id = 0; id < 7; ++id) {
    tomls.push_back(c2 / ("r" + std::to_string(id)) / "replica.toml");
    keys.push_back(c2 / ("r" + std::to_string(id)) / "key");
  }
  for (const auto& key : keys) CHECK(mode_of(key) == 0600);
  std::string cluster_id;
  for (const auto& toml : tomls) {
    const Outcome checked = run({"pbft", "config", "check", toml, "--json"});
    CHECK(checked.exit_code == 0);
    const auto json = nlohmann::json::parse(checked.out);
    CHECK(json.at("ok") == true);
    CHECK(json.at("f") == 2);
    CHECK(json.at("replicas") == 7);
    if (cluster_id.empty()) cluster_id = json.at("cluster_id");
    CHECK(json.at("cluster_id") == cluster_id);
  }
}

TEST_CASE("cluster init: clients may be set to MACs, and to nothing else") {
  const TemporaryFolder folder;
  const fs::path c1 = folder / "c1";
  CHECK(run({"pbft", "cluster", "init", "--dir", c1, "--auth", "tokens"}).exit_code == 2);
  CHECK(run({"pbft", "cluster", "init", "--dir", c1, "--auth", "mac"}).exit_code == 0);
  const fs::path client = c1 / "client0.toml";
  CHECK(run({"pbft", "config", "check", client}).exit_code == 0);
  replace_in(client, "\nauthentication = \"mac\"", "\nauthentication = \"none\"");
  const Outcome outcome = run({"pbft", "config", "check", client});
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.err.find("must be signature or mac") != std::string::npos);
}

TEST_CASE("cluster init: existing files are never overwritten") {
  Files files;
  const std::string key = read_text(files.key);
  const Outcome again = run({"pbft", "cluster", "init", "--dir", files.folder / "c1"});
  CHECK(again.exit_code == 2);
  CHECK(is_one_line_with(again, {files.cluster.string(), "exists already", "choose another"}));
  fs::remove(files.cluster);
  CHECK(run({"pbft", "cluster", "init", "--dir", files.folder / "c1"}).exit_code == 2);
  CHECK(read_text(files.key) == key);
}

TEST_CASE("cluster init: sizes, ports and addresses that cannot be are refused") {
  const TemporaryFolder folder;
  const auto init = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"pbft", "cluster", "init", "--dir", folder / "c"});
    const Outcome outcome = run(more);
    CHECK(outcome.exit_code == 2);
    CHECK(!fs::exists(folder / "c"));
    return outcome;
  };
  CHECK(is_one_line_with(init({"--f", "2", "--n", "6"}), {"--n 6", "3f+1 = 7"}));
  CHECK(is_one_line_with(init({"--base-port", "65534"}), {"--base-port 65534", "65535"}));
  CHECK(is_one_line_with(init({"--host", "elsewhere"}), {"elsewhere", "IPv4 or IPv6"}));
  CHECK(init({"--f", "0"}).err.find("--f") != std::string::npos);
}

TEST_CASE("cluster file: too few replicas for f, at the last of them") {
  Files files;
  std::string text = read_text(files.cluster);
  const auto last = text.rfind("[[replica]]");
  text.erase(last, text.find("[[client]]") - last);
  write_text(files.cluster, text);
  check_refused(files, {files.cluster.string() + files.line("[[replica]]", 3),
                        "3 replicas listed, f = 1 needs at least 3f+1 = 4"});
}

TEST_CASE("cluster file: an id listed twice") {
  Files files;
  replace_in(files.cluster, "id = 2\n", "id = 1\n");
  check_refused(files, {files.cluster.string() + files.line("id = 1", 2), "id = 1"});
}

TEST_CASE("cluster file: one public key for two replicas, or for a replica and a client") {
  for (const int other : {0, 4}) {
    Files files;
    const std::string key = files.public_key(1);
    replace_in(files.cluster, files.public_key(other), key);
    const int second = other == 0 ? 2 : 5;
    check_refused(files, {files.cluster.string() + files.line("public_key", second), key});
  }
}

TEST_CASE("cluster file: weak and malformed public keys") {
  Files files;
  const std::string small_order = "01" + std::string(62, '0');
  replace_in(files.cluster, files.public_key(1), small_order);
  check_refused(files, {files.cluster.string() + files.line("public_key", 2), small_order, "pbft keygen"});
  replace_in(files.cluster, small_order, "abc");
  check_refused(files,
                {files.cluster.string() + files.line("public_key", 2), "\"abc\"", "64 hexadecimal digits"});
}

TEST_CASE("cluster file: bad addresses") {
  Files files;
  replace_in(files.cluster, "\"127.0.0.1\"", "\"localhost\"");
  check_refused(files, {files.cluster.string() + files.line("host"), "\"localhost\"", "IPv4 or IPv6"});
  replace_in(files.cluster, "\"localhost\"", "\"0.0.0.0\"");
  check_refused(files, {files.cluster.string() + files.line("host"), "\"0.0.0.0\""});
  replace_in(files.cluster, "\"0.0.0.0\"", "\"127.0.0.1\"");
  replace_in(files.cluster, "port = 7100", "port = 70000");
  check_refused(files, {files.cluster.string() + files.line("port"), "port = 70000", "1 to 65535"});
  replace_in(files.cluster, "port = 70000", "port = 7101");
  check_refused(files, {files.cluster.string() + files.line("port", 2), "port = 7101", "also"});
}

TEST_CASE("cluster file: unknown keys, with what was meant") {
  Files files;
  write_text(files.cluster, read_text(files.cluster) + "\n[limits]\ncheckpoint_intervall = 64\n");
  check_refused(files,
                {files.cluster.string() + files.line("checkpoint_intervall"),
                 "unknown key 'checkpoint_intervall' in [limits]", "did you mean 'checkpoint_interval'?"});
  replace_in(files.cluster, "checkpoint_intervall = 64", "checkpoint_interval = 0");
  check_refused(files,
                {files.cluster.string() + files.line("checkpoint_interval"), "checkpoint_interval = 0"});
  replace_in(files.cluster, "checkpoint_interval = 0", "max_batch_bytes = 1000");
  check_refused(files, {files.cluster.string() + files.line("max_batch_bytes"), "max_batch_bytes = 1000"});
  replace_in(files.cluster, "port = 7103", "port = 7103\ncolour = \"red\"");
  check_refused(
      files, {files.cluster.string() + files.line("colour"), "unknown key 'colour' in [[replica]]", "host"});
}

TEST_CASE("cluster file: missing values, wrong types, and what is not TOML at all") {
  Files files;
  replace_in(files.cluster, "port = 7101\n", "");
  check_refused(files,
                {files.cluster.string() + files.line("[[replica]]", 2), "port is missing", "add: port = "});
  replace_in(files.cluster, "id = 1\n", "id = 1\nport = \"7101\"\n");
  check_refused(files, {files.cluster.string() + files.line("port", 2), "port = ", "7101", "whole number"});
  replace_in(files.cluster, "port = \"7101\"", "port = 7101 7102");
  check_refused(files, {files.cluster.string() + files.line("port", 2), "not TOML"});
  fs::remove(files.cluster);
  check_refused(files, {files.cluster.string(), "cannot be read"});
}

TEST_CASE("key file: others may read it") {
  Files files;
  fs::permissions(files.key, fs::perms(0640));
  check_replica_refused(files, {files.key.string(), "mode 0640", "chmod 600 " + files.key.string()});
}

TEST_CASE("key file: of another replica, both named") {
  Files files;
  fs::copy_file(files.folder / "c1/r2/key", files.key, fs::copy_options::overwrite_existing);
  check_replica_refused(files, {files.replica.string() + ":4: ", files.key.string(), "replica 2",
                                files.public_key(2), files.public_key(0), "replica 0"});
}

TEST_CASE("cluster file: of another cluster, the key file in whose place it stands named") {
  Files files;
  const Files other;
  fs::copy_file(other.cluster, files.cluster, fs::copy_options::overwrite_existing);
  check_replica_refused(
      files, {files.replica.string() + ":4: ", files.key.string(), "nobody listed there",
              files.cluster.string(), files.public_key(0), "replica 0", "cluster file that lists"});
}

TEST_CASE("key file: damaged or absent, without a word of its content") {
  Files files;
  std::string text = read_text(files.key);
  const std::string secret = text.substr(text.find('\n') + 1, 64);
  replace_in(files.key, secret, secret.substr(1));
  check_replica_refused(files, {files.key.string() + ":2: ", "63 characters", "64 hexadecimal digits"});
  CHECK(run({"counter-replica", "--config", files.replica}).err.find(secret.substr(1, 8)) ==
        std::string::npos);
  fs::remove(files.key);
  const Outcome absent = run({"counter-replica", "--config", files.replica});
  CHECK(absent.exit_code == 1);
  CHECK(is_one_line_with(absent, {files.key.string(), "No such file"}));
}

TEST_CASE("replica file: an id that the cluster does not list, and options that do not exist") {
  Files files;
  replace_in(files.replica, "id = 0", "id = 9");
  check_replica_refused(files,
                        {files.replica.string() + ":2: ", "replica 9 is not listed", files.cluster.string()});
  replace_in(files.replica, "id = 9", "id = 0");
  replace_in(files.replica, "# log_level = \"info\" ", "log_level = \"loud\" ");
  check_replica_refused(files, {files.replica.string() + ":", "log_level = \"loud\"", "debug, info"});
  replace_in(files.replica, "log_level = \"loud\"", "log_levels = \"info\"");
  check_replica_refused(files, {files.replica.string() + ":", "'log_levels'", "did you mean 'log_level'?"});
}

TEST_CASE("client file: a key that is not admitted, with the lines that would admit it") {
  Files files;
  fs::remove(files.folder / "c1/client0.key");
  const std::string stranger =
      run({"pbft", "keygen", "--out", files.folder / "c1/client0.key"}).out.substr(0, 64);
  Outcome outcome = run({"counter-client", "--config", files.client, "get"});
  CHECK(outcome.exit_code == 2);
  CHECK(
      is_one_line_with(outcome, {files.client.string() + ":4: ", stranger, files.public_key(4), "client 0"}));
  replace_in(files.client, "id = 0", "id = 5");
  outcome = run({"counter-client", "--config", files.client, "get"});
  CHECK(outcome.exit_code == 2);
  CHECK(is_one_line_with(outcome, {files.client.string() + ":2: ", "client 5 is not listed", stranger}));
}

TEST_CASE("counter-client: what cannot be added is refused, and never taken for something else") {
  Files files;
  for (const char* amount :
       {"99999999999999999999", "-9223372036854775809", "0x10", "1.5", "five", "7up", ""}) {
    const Outcome outcome = run({"counter-client", "--config", files.client, "add", amount});
    CHECK(outcome.exit_code == 2);
    CHECK(is_one_line_with(outcome, {"add " + std::string(amount), "whole number"}));
  }
}

TEST_CASE("command lines: help explains and ends with 0, mistakes end with 2") {
  for (const auto& command : {std::vector<std::string>{"pbft"},
                              {"pbft", "demo"},
                              {"pbft", "keygen"},
                              {"pbft", "cluster", "init"},
                              {"pbft", "config", "check"},
                              {"pbft", "inspect"},
                              {"counter-replica"},
                              {"counter-client"}}) {
    auto help = command;
    help.push_back("--help");
    const Outcome told = run(help);
    CHECK(told.exit_code == 0);
    CHECK(told.out.find("Example") != std::string::npos);
    CHECK(told.err == "");
    auto mistake = command;
    mistake.push_back("--no-such-option");
    CHECK(run(mistake).exit_code == 2);
  }
  for (const auto& command : {std::vector<std::string>{"pbft", "demonstrate"},
                              {"pbft", "cluster", "demonstrate"},
                              {"counter-client", "--config", "client.toml", "demonstrate"}}) {
    const Outcome outcome = run(command);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.err.find("'demonstrate'") != std::string::npos);
  }
  CHECK(run({"pbft", "--version"}).out == "pbft " PBFT_VERSION "\n");
}

TEST_CASE("sim: seeds run, the same ones alike, and the report is one for people or one for programs") {
  const Outcome text = run({"pbft", "sim", "--seeds", "3", "--from", "5", "--n", "4"});
  CHECK(text.exit_code == 0);
  CHECK(text.out.find("3 of 3 seeds from 5: all good") == 0);
  const auto report = [](std::vector<std::string> arguments) {
    const Outcome outcome = run(std::move(arguments));
    CHECK(outcome.exit_code == 0);
    return nlohmann::json::parse(outcome.out);
  };
  const auto many =
      report({"pbft", "sim", "--seeds", "3", "--from", "5", "--n", "4", "--json", "--jobs", "1"});
  CHECK(many.at("ok") == true);
  CHECK(many.at("ran") == 3);
  CHECK(many.at("failures").empty());
  const auto one = report({"pbft", "sim", "--seed", "6", "--json"});
  CHECK(one.at("ok") == true);
  CHECK(one == report({"pbft", "sim", "--seed", "6", "--json"}));
  CHECK(one.at("trace_hash") != report({"pbft", "sim", "--seed", "7", "--json"}).at("trace_hash"));
}

TEST_CASE("sim: a trace has a line for everything that happens, with its time and its place") {
  const Outcome outcome = run({"pbft", "sim", "--seed", "1", "--n", "4", "--byzantine", "1", "--trace"});
  CHECK(outcome.exit_code == 0);
  for (const char* part : {" ms r0 ", " <- ", " executes s1", "is Byzantine: ", "seed 1: good"}) {
    CAPTURE(part);
    CHECK(outcome.out.find(part) != std::string::npos);
  }
}

TEST_CASE("sim: what cannot be is refused, and help is the simulator's") {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"--n", "3"}, {"--n", "7", "--byzantine", "3"}, {"--seed", "1", "--seeds", "2"}, {"--trace"}}) {
    std::vector<std::string> all{"pbft", "sim"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    CHECK(run(all).exit_code == 2);
  }
  CHECK(is_one_line_with(run({"pbft", "sim", "--n", "3"}), {"pbft sim: --n 3", "4..13"}));
  const Outcome help = run({"pbft", "sim", "--help"});
  CHECK(help.exit_code == 0);
  CHECK(help.out.find("--byzantine") != std::string::npos);
}
