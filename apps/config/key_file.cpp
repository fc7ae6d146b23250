#include "config/key_file.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>
#include <system_error>

namespace app {
namespace {

using pbft::Error;
using pbft::ErrorCode;

constexpr std::size_t max_key_file_bytes = 1024;
constexpr std::size_t seed_digits = 64;

/// Text that may hold a secret; wiped when destroyed.
struct WipedText {
  std::array<char, max_key_file_bytes> bytes{};
  std::size_t size = 0;
  WipedText() = default;
  WipedText(const WipedText&) = delete;
  WipedText& operator=(const WipedText&) = delete;
  ~WipedText() { ::explicit_bzero(bytes.data(), bytes.size()); }
  void append(std::string_view text) {
    for (const char c : text) bytes[size++] = c;
  }
  std::string_view view() const { return {bytes.data(), size}; }
};

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

Error io_error(const std::filesystem::path& path, const char* what) {
  return {ErrorCode::io, path.string() + ": " + what + ": " + std::generic_category().message(errno)};
}

std::optional<std::uint8_t> hex_byte(std::string_view two_digits) {
  std::uint8_t value = 0;
  const auto [end, error] = std::from_chars(two_digits.data(), two_digits.data() + 2, value, 16);
  if (error != std::errc() || end != two_digits.data() + 2) return std::nullopt;
  return value;
}

pbft::Result<void> check_access(const std::filesystem::path& path, const struct stat& info) {
  if (!S_ISREG(info.st_mode)) {
    return Error{ErrorCode::invalid_argument, path.string() + ": is not a regular file; name a key file"};
  }
  if ((info.st_mode & 077) == 0) return {};
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(info.st_mode & 07777));
  return Error{ErrorCode::invalid_argument, path.string() + ": mode " + mode +
                                                " gives others access to this secret key; run: chmod 600 " +
                                                path.string()};
}

pbft::Result<pbft::SecretKey> parse_key(const std::filesystem::path& path, std::string_view text) {
  std::size_t line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;

    const auto malformed = [&](const std::string& found) {
      return Error{ErrorCode::invalid_argument,
                   path.string() + ":" + std::to_string(line_number) + ": " + found +
                       " where 64 hexadecimal digits belong; put the key file back from where it was made"};
    };
    if (line.size() != seed_digits) return malformed(std::to_string(line.size()) + " characters");
    std::array<std::uint8_t, seed_digits / 2> seed{};
    for (std::size_t i = 0; i < seed.size(); ++i) {
      const auto byte = hex_byte(line.substr(2 * i, 2));
      if (!byte) return malformed("a character that is no hexadecimal digit");
      seed[i] = *byte;
    }
    auto key = pbft::SecretKey::from_seed(seed);
    ::explicit_bzero(seed.data(), seed.size());
    return key;
  }
  return Error{ErrorCode::invalid_argument,
               path.string() + ": holds no key; `pbft keygen --out FILE` makes a new one"};
}

}  // namespace

pbft::Result<void> write_key_file(const std::filesystem::path& path, const pbft::SecretKey& key,
                                  const std::string& owner) {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.fd() < 0) return io_error(path, "cannot create the key file");
  WipedText text;
  text.append("# Secret key (Ed25519 seed) of ");
  text.append(std::string_view(owner).substr(0, max_key_file_bytes / 2));
  text.append(". It stays on one host: never copy, share or reuse it.\n");
  constexpr std::string_view digits = "0123456789abcdef";
  for (const std::uint8_t byte : key.seed()) {
    text.append(digits.substr(byte >> 4, 1));
    text.append(digits.substr(byte & 15, 1));
  }
  text.append("\n");
  if (::write(file.fd(), text.bytes.data(), text.size) != static_cast<ssize_t>(text.size) ||
      ::fsync(file.fd()) != 0) {
    return io_error(path, "cannot write the key file");
  }
  return {};
}

pbft::Result<pbft::SecretKey> read_key_file(const std::filesystem::path& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.fd() < 0) return io_error(path, "cannot open the key file");
  struct stat info{};
  if (::fstat(file.fd(), &info) != 0) return io_error(path, "cannot stat the key file");
  if (const auto access = check_access(path, info); !access) return access.error();
  WipedText text;
  const ssize_t count = ::read(file.fd(), text.bytes.data(), text.bytes.size());
  if (count < 0) return io_error(path, "cannot read the key file");
  text.size = static_cast<std::size_t>(count);
  return parse_key(path, text.view());
}

}  // namespace app
