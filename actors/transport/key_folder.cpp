#include "actors/transport/key_folder.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

namespace stos::detail {
namespace {

constexpr mode_t for_the_user = 0600, for_everybody = 0644, folder_for_the_user = 0700;

Error failed(const std::string& what, const std::string& path) {
  return {Errc::io_error, "cannot " + what + " " + path + ": " + std::strerror(errno)};
}

/// Writes a new file; fails if there is one.
Result<void> write_file(const std::string& path, const std::string& text, mode_t mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0 && errno == EEXIST)
    return Error{Errc::bad_argument, path + " is there already"};
  if (fd < 0)
    return failed("write", path);
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t now = write(fd, text.data() + written, text.size() - written);
    if (now < 0 && errno != EINTR) {
      const Error problem = failed("write", path);
      close(fd);
      unlink(path.c_str());
      return problem;
    }
    written += now > 0 ? static_cast<std::size_t>(now) : 0;
  }
  if (fsync(fd) != 0 || close(fd) != 0)
    return failed("write", path);
  return {};
}

/// A name beside `path` that no other process takes.
Result<std::string> folder_beside(const std::string& path) {
  std::string folder = path + ".XXXXXX";
  if (mkdtemp(folder.data()) == nullptr)
    return failed("make a folder beside", path);
  return folder;
}

void remove_folder(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

Result<void> fill(const std::string& folder, const std::string& cluster, int days) {
  const Result<KeyPair> authority = make_authority(cluster, days);
  if (!authority)
    return authority.error();
  const Result<std::string> list = revoke(*authority, "", "");
  if (!list)
    return list.error();
  Result<void> done = write_file(folder + "/ca.crt", authority->certificate, for_everybody);
  if (done)
    done = write_file(folder + "/ca.key", authority->key, for_the_user);
  if (done)
    done = write_file(folder + "/revoked.crl", *list, for_everybody);
  return done;
}

} // namespace

Result<std::string> read_key_file(const std::string& path, bool secret) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return failed("read", path);
  struct stat about {};
  if (fstat(fd, &about) != 0 || S_ISDIR(about.st_mode)) {
    errno = S_ISDIR(about.st_mode) ? EISDIR : errno;
    const Error problem = failed("read", path);
    close(fd);
    return problem;
  }
  if (secret && (about.st_mode & S_IROTH) != 0) {
    close(fd);
    return Error{Errc::bad_config, path + " is a private key that all users can read; wanted: "
                                          "chmod 600"};
  }
  constexpr std::size_t most = std::size_t{1} << 20;
  std::string text;
  char piece[4096];
  ssize_t now = 0;
  while (text.size() <= most && (now = read(fd, piece, sizeof piece)) > 0)
    text.append(piece, static_cast<std::size_t>(now));
  const int problem = now < 0 ? errno : text.size() > most ? EFBIG : 0;
  close(fd);
  errno = problem;
  if (problem != 0)
    return failed("read", path);
  return text;
}

Result<void> KeyFolder::create(const std::string& cluster, int days) const {
  const Result<std::string> folder = folder_beside(path_);
  if (!folder)
    return folder.error();
  if (Result<void> filled = fill(*folder, cluster, days); !filled) {
    remove_folder(*folder);
    return filled;
  }
  if (rename(folder->c_str(), path_.c_str()) == 0)
    return {};
  const bool is_taken = errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR;
  const Error problem = failed("make", path_);
  remove_folder(*folder);
  if (is_taken)
    return Error{Errc::bad_argument,
                 path_ + " is there already; wanted: a folder that is not there, or empty"};
  return problem;
}

Result<KeyPair> KeyFolder::authority() const {
  Result<std::string> certificate = read_key_file(file("ca.crt"), false);
  if (!certificate)
    return certificate.error();
  Result<std::string> key = read_key_file(file("ca.key"), true);
  if (!key)
    return key.error();
  return KeyPair{*std::move(certificate), *std::move(key)};
}

Result<std::string> KeyFolder::add(const Peer& peer, int days) const {
  if (peer.name == "ca" || peer.name.starts_with('.') || peer.name.starts_with('-'))
    return Error{Errc::bad_argument, "\"" + printable(peer.name) +
                                         "\" cannot be the name of a file here; wanted: another "
                                         "name than ca, not beginning with . or -"};
  const Result<KeyPair> from = authority();
  if (!from)
    return from.error();
  const Result<KeyPair> pair = issue(*from, peer, days);
  if (!pair)
    return pair.error();
  const std::string path = file(peer.name);
  if (Result<void> written = write_file(path + ".key", pair->key, for_the_user); !written)
    return written.error();
  if (Result<void> written = write_file(path + ".crt", pair->certificate, for_everybody);
      !written) {
    unlink((path + ".key").c_str());
    return written.error();
  }
  return path;
}

Result<void> KeyFolder::revoke(const std::string& name) const {
  if (!is_peer_name(name))
    return Error{Errc::bad_argument, "\"" + printable(name) + "\" is not a name"};
  const Result<KeyPair> from = authority();
  if (!from)
    return from.error();
  const Result<std::string> certificate = read_key_file(file(name + ".crt"), false);
  if (!certificate)
    return certificate.error();
  const Result<std::string> list = read_key_file(file("revoked.crl"), false);
  if (!list)
    return list.error();
  const Result<std::string> longer = detail::revoke(*from, *list, *certificate);
  if (!longer)
    return longer.error();
  const std::string fresh = file("revoked.crl." + std::to_string(getpid()));
  if (Result<void> written = write_file(fresh, *longer, for_everybody); !written)
    return written;
  if (rename(fresh.c_str(), file("revoked.crl").c_str()) != 0)
    return failed("replace", file("revoked.crl"));
  return {};
}

namespace {

/// Where the user's own keys can be, the best place first.
std::vector<std::string> own_places() {
  std::vector<std::string> places;
  const auto add = [&places](const char* folder, const char* below) {
    if (folder != nullptr && *folder == '/')
      places.push_back(std::string(folder) + below);
  };
  add(std::getenv("XDG_STATE_HOME"), "/stos");
  add(std::getenv("HOME"), "/.local/state/stos");
  passwd entry = {};
  passwd* user = nullptr;
  std::vector<char> texts(std::size_t{1} << 14);
  if (getpwuid_r(geteuid(), &entry, texts.data(), texts.size(), &user) == 0 && user != nullptr)
    add(user->pw_dir, "/.local/state/stos");
  places.push_back("/tmp/stos-" + std::to_string(geteuid()));
  return places;
}

/// Makes the folder, if need be. One that others could have made is good only if no other user can
/// look into it.
Result<void> prepare(const std::string& folder) {
  std::error_code problem;
  std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), problem);
  if (mkdir(folder.c_str(), folder_for_the_user) == 0)
    return {};
  struct stat about {};
  if (errno != EEXIST || lstat(folder.c_str(), &about) != 0)
    return failed("make", folder);
  constexpr mode_t others = 022;
  if (!S_ISDIR(about.st_mode) || about.st_uid != geteuid() || (about.st_mode & others) != 0)
    return Error{Errc::bad_config, folder + " is not a folder that only this user can write to"};
  return {};
}

Result<KeyPair> authority_in(const KeyFolder& folder) {
  constexpr int days_left = 30, days_new = 3'650;
  Result<KeyPair> known = folder.authority();
  if (known && counts_for(*known, days_left))
    return known;
  if (known) { // it has had its time: others come to the same conclusion, and one is first
    const Result<std::string> aside = folder_beside(folder.path());
    if (aside && rename(folder.path().c_str(), aside->c_str()) == 0)
      remove_folder(*aside);
  }
  const Result<void> created = folder.create("own", days_new);
  known = folder.authority(); // of another process, if that was quicker
  return known || created ? known : created.error();
}

} // namespace

Result<KeyPair> own_authority() {
  std::string problems;
  for (const std::string& place : own_places()) {
    Result<KeyPair> known = Error{};
    if (Result<void> prepared = prepare(place); !prepared)
      known = prepared.error();
    else
      known = authority_in(KeyFolder(place + "/keys"));
    if (known)
      return known;
    problems += (problems.empty() ? "" : "; ") + known.error().context;
  }
  return Error{Errc::io_error, "the user's own keys cannot be made (" + problems +
                                   "); wanted: keys of the cluster in cluster.tls (see stos keys), "
                                   "or cluster.insecure: true"};
}

} // namespace stos::detail
