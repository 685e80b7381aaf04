#include "actors/transport/credentials.hpp"

#include "actors/transport/key_folder.hpp"
#include "actors/transport/openssl_handles.hpp"

#include <openssl/err.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

namespace stos::detail {
namespace {

struct Texts {
  std::string ca, certificate, key, revoked;
};

Error no_good(const std::string& what) {
  return {Errc::bad_config, what + ": " + openssl_problem()};
}

/// The peer that a certificate names.
Result<Peer> named_in(X509* certificate) {
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI)
      continue;
    const ASN1_IA5STRING* const uri = name->d.uniformResourceIdentifier;
    if (const auto peer = peer_from_uri({reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                                         static_cast<std::size_t>(ASN1_STRING_length(uri))}))
      return *peer;
  }
  return Error{Errc::bad_config,
               "the certificate names no peer; wanted: a URI as stos:node:NAME among its "
               "alternative names, as stos keys puts it there"};
}

bool trust(SSL_CTX* context, const std::string& texts) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  const Bio bio = reading(texts);
  int count = 0;
  while (const Certificate one{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(store, one.get()) != 1)
      return false;
    ++count;
  }
  ERR_clear_error(); // that there are no more
  return count > 0;
}

bool forbid(SSL_CTX* context, const std::string& texts) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  const Bio bio = reading(texts);
  int count = 0;
  while (const RevokedList one{PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_crl(store, one.get()) != 1)
      return false;
    ++count;
  }
  ERR_clear_error();
  return count > 0 && X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) == 1;
}

Context new_context() {
  Context context(SSL_CTX_new(TLS_method()));
  if (context == nullptr)
    return nullptr;
  SSL_CTX* const c = context.get();
  constexpr long certificates_bytes_max = 32 << 10;
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                             SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(c, 0);
  SSL_CTX_set_max_cert_list(c, certificates_bytes_max);
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  if (SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL") != 1 ||
      SSL_CTX_set_ciphersuites(c, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                  "TLS_CHACHA20_POLY1305_SHA256") != 1)
    return nullptr;
  return context;
}

/// A certificate, those that lead from there to the authority, and its key.
Result<Peer> show(SSL_CTX* context, const Texts& texts) {
  const Bio bio = reading(texts.certificate);
  const Certificate own(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (own == nullptr)
    return no_good("cluster.tls.certificate is no certificate in the PEM format");
  if (SSL_CTX_use_certificate(context, own.get()) != 1)
    return no_good("cluster.tls.certificate cannot be used");
  while (Certificate other{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)})
    if (SSL_CTX_add0_chain_cert(context, other.get()) == 1)
      (void)other.release();
  ERR_clear_error();
  const PrivateKey key = read_key(texts.key);
  if (key == nullptr)
    return no_good("cluster.tls.key is no private key in the PEM format without a pass phrase");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return no_good("cluster.tls.key does not belong to cluster.tls.certificate");
  return named_in(own.get());
}

Result<Texts> read_texts(const TlsOptions& options, const Peer& self) {
  if (!options.has_files()) {
    const Result<KeyPair> authority = own_authority();
    if (!authority)
      return authority.error();
    constexpr int days = 3'650;
    const Result<KeyPair> pair = issue(*authority, self, days);
    if (!pair)
      return pair.error();
    return Texts{authority->certificate, pair->certificate, pair->key, {}};
  }
  Texts texts;
  const std::array<std::pair<const std::string*, std::string*>, 4> files = {
      {{&options.ca, &texts.ca},
       {&options.certificate, &texts.certificate},
       {&options.key, &texts.key},
       {&options.revoked, &texts.revoked}}};
  for (const auto& [path, text] : files) {
    if (path->empty())
      continue;
    Result<std::string> read = read_key_file(*path, path == &options.key);
    if (!read)
      return read.error();
    *text = *std::move(read);
  }
  return texts;
}

/// Whose certificate is good enough.
std::string_view wanted_word(PeerKind kind) {
  switch (kind) {
    case PeerKind::look: return "tool";
    case PeerKind::command: return "tool that may command";
    case PeerKind::process: return "foreign process";
    case PeerKind::node: return "node";
  }
  return "";
}

using Stamps = std::array<std::int64_t, 4>;

Stamps stamps_of(const TlsOptions& options) {
  Stamps stamps{};
  const std::array<const std::string*, 4> paths = {&options.ca, &options.certificate, &options.key,
                                                   &options.revoked};
  for (std::size_t i = 0; i < paths.size(); ++i) {
    struct stat about {};
    if (!paths[i]->empty() && stat(paths[i]->c_str(), &about) == 0)
      stamps[i] = std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec;
  }
  return stamps;
}

} // namespace

struct Credentials::Material {
  Context context;
  Stamps stamps{};

  static Result<std::shared_ptr<Material>> make(const TlsOptions& options, Peer& self);
};

Result<std::shared_ptr<Credentials::Material>>
Credentials::Material::make(const TlsOptions& options, Peer& self) {
  auto material = std::make_shared<Material>();
  material->stamps = stamps_of(options);
  const Result<Texts> texts = read_texts(options, self);
  if (!texts)
    return texts.error();
  material->context = new_context();
  SSL_CTX* const context = material->context.get();
  if (context == nullptr)
    return no_good("TLS is not to be had");
  if (!trust(context, texts->ca))
    return no_good("cluster.tls.ca holds no certificates in the PEM format");
  if (!texts->revoked.empty() && !forbid(context, texts->revoked))
    return no_good("cluster.tls.revoked is no list of revoked certificates in the PEM format");
  const Result<Peer> named = show(context, *texts);
  if (!named)
    return named.error();
  if (!named->may(self.kind))
    return Error{Errc::bad_config, "cluster.tls.certificate is of \"" + to_string(*named) +
                                       "\"; wanted: that of a " +
                                       std::string(wanted_word(self.kind))};
  if (self.kind == PeerKind::node && !self.name.empty() && self.name != named->name)
    return Error{Errc::bad_config, "cluster.tls.certificate is of node " + named->name +
                                       ", and cluster.node is " + self.name +
                                       "; wanted: the same name"};
  self = *named;
  return material;
}

Credentials::~Credentials() = default;

Result<std::shared_ptr<Credentials>> Credentials::load(const TlsOptions& options, bool insecure,
                                                       Peer self) {
  std::shared_ptr<Credentials> credentials(new Credentials(options, std::move(self)));
  if (insecure)
    return credentials;
  auto material = Material::make(options, credentials->self_);
  if (!material)
    return material.error();
  credentials->material_ = *std::move(material);
  return credentials;
}

ssl_st* Credentials::new_session() const {
  return SSL_new(std::atomic_load(&material_)->context.get());
}

Result<void> Credentials::reload() {
  if (!has_tls() || !options_.has_files() || stamps_of(options_) == material_->stamps)
    return {};
  Peer self = self_;
  auto material = Material::make(options_, self);
  if (!material) {
    material_->stamps = stamps_of(options_); // until they change again
    return material.error();
  }
  std::atomic_store(&material_, *std::move(material));
  return {};
}

Result<Peer> Credentials::peer_of(const ssl_st& session) {
  const Certificate certificate(SSL_get1_peer_certificate(&session));
  if (certificate == nullptr)
    return Error{Errc::bad_message, "it has shown no certificate"};
  return named_in(certificate.get());
}

} // namespace stos::detail
