// A member of a test cluster: its Links, and what they told it.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "crypto/sodium.hpp"
#include "net/links.hpp"
#include "unit/net/loop.hpp"

namespace pbft::net {

inline Peer replica(std::uint32_t id) { return ReplicaId(id); }
inline Peer client(std::uint64_t id) { return ClientId(id); }

/// The same for the same peer and generation.
inline SecretKey key_of(const Peer& peer, std::uint8_t generation = 0) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = static_cast<std::uint8_t>(peer.index() + 1);
  seed[1] = static_cast<std::uint8_t>(std::visit([](auto id) { return std::uint64_t{id.value}; }, peer));
  seed[2] = generation;
  return SecretKey::from_seed(seed);
}

/// Replicas 0, 1, 2 and clients 7, 8 of one cluster; everything waits for tests' patience, not for people's.
inline LinksConfig config_of(const Peer& self) {
  LinksConfig config;
  config.cluster.bytes.fill(0xc1);
  config.genesis.bytes.fill(0x9e);
  config.self = self;
  config.secret = crypto::x25519_of(key_of(self));
  for (const Peer& peer : {replica(0), replica(1), replica(2), client(7), client(8)}) {
    config.members[peer] = *crypto::x25519_of(key_of(peer).public_key());
  }
  config.first_backoff = std::chrono::milliseconds(1);
  config.max_backoff = std::chrono::milliseconds(20);
  config.muted_for = std::chrono::milliseconds(50);
  return config;
}

/// Listens on a free port of the loopback interface.
inline LinksConfig listening(LinksConfig config, const std::string& host = "127.0.0.1") {
  config.listen = true;
  config.listen_host = host;
  return config;
}

/// Only these replicas, at these ports: the others are left out, since they would be dialled in vain.
inline LinksConfig dialling(LinksConfig config, const std::vector<std::pair<Peer, std::uint16_t>>& ports,
                            const std::string& host = "127.0.0.1") {
  std::erase_if(config.members,
                [](const auto& member) { return std::holds_alternative<ReplicaId>(member.first); });
  for (const auto& [peer, port] : ports) {
    config.members[peer] = *crypto::x25519_of(key_of(peer).public_key());
    config.addresses[std::get<ReplicaId>(peer)] = {host, port};
  }
  return config;
}

/// Replica 2 listens for all others and dials nobody.
inline LinksConfig last_replica() { return listening(config_of(replica(2))); }

class Node {
 public:
  Node(Loop& loop, LinksConfig config) : loop_(loop) {
    LinksEvents events;
    events.up = [this](const Peer& peer) { told.push_back("up " + describe(peer)); };
    events.down = [this](const Peer& peer) { told.push_back("down " + describe(peer)); };
    events.frame = [this](const Peer& peer, BytesView frame) {
      ++frame_count;
      frame_bytes += frame.size();
      if (keep_frames) frames.push_back(to_text(frame));
      if (on_frame) on_frame(peer, frame);
    };
    events.refused = [this](const Refused& event) { refused.push_back(event); };
    events.log = [this](LogLevel, const std::string& line) { log.push_back(line); };
    auto created = Links::create(loop.raw(), std::move(config), std::move(events));
    REQUIRE_MESSAGE(created.has_value(), (created ? std::string() : created.error().message));
    links = std::move(*created);
  }
  ~Node() { close(); }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void close() {
    if (!links) return;
    bool closed = false;
    links->close([&closed] { closed = true; });
    CHECK(loop_.run_until([&] { return closed; }));
    links.reset();
  }

  Links* operator->() { return links.get(); }
  std::uint16_t port() const { return links->listen_port(); }
  void send(const Peer& to, const std::string& text, Priority priority = Priority::normal) {
    links->send(to, view_of(text), priority);
  }
  bool was_refused(Refusal reason) const {
    return std::any_of(refused.begin(), refused.end(), [&](const Refused& r) { return r.reason == reason; });
  }
  bool has_logged(const std::string& part) const {
    return std::any_of(log.begin(), log.end(),
                       [&](const std::string& line) { return line.find(part) != std::string::npos; });
  }

  std::unique_ptr<Links> links;
  std::vector<std::string> told;    ///< "up replica 1", "down client 7".
  std::vector<std::string> frames;  ///< If kept.
  std::vector<Refused> refused;
  std::vector<std::string> log;
  std::uint64_t frame_count = 0;
  std::uint64_t frame_bytes = 0;
  bool keep_frames = true;
  std::function<void(const Peer&, BytesView)> on_frame;

 private:
  Loop& loop_;
};

}  // namespace pbft::net
