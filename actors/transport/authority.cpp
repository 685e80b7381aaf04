#include "actors/transport/authority.hpp"

#include "actors/transport/openssl_handles.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <ctime>
#include <initializer_list>
#include <utility>

namespace stos::detail {
namespace {

constexpr int seconds_a_day = 86'400;
constexpr int days_of_a_list = 3'650;

Error failed(const std::string& what) { return {Errc::io_error, what + ": " + openssl_problem()}; }

PrivateKey make_key() { return PrivateKey(EVP_EC_gen("P-256")); }

std::string text_of(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

Result<KeyPair> as_texts(X509* certificate, EVP_PKEY* key) {
  const Bio of_certificate(BIO_new(BIO_s_mem())), of_key(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(of_certificate.get(), certificate) != 1 ||
      PEM_write_bio_PrivateKey(of_key.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return failed("a certificate cannot be written");
  return KeyPair{text_of(of_certificate), text_of(of_key)};
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// A certificate with a random number that counts from now on (clocks may differ by an hour), with
/// all but its extensions and signature.
Certificate begin_certificate(const std::string& name, EVP_PKEY* key, int days) {
  Certificate certificate(X509_new());
  std::uint64_t number = 0;
  if (certificate == nullptr ||
      RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof number) != 1)
    return nullptr;
  constexpr int version_3 = 2;
  constexpr std::uint64_t positive = ~std::uint64_t{0} >> 1;
  constexpr long tolerance_s = 3600;
  X509_set_version(certificate.get(), version_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), (number & positive) | 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -tolerance_s);
  X509_time_adj_ex(X509_getm_notAfter(certificate.get()), days, 0, nullptr);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

struct Parsed {
  Certificate certificate;
  PrivateKey key;
};

Result<Parsed> parse(const KeyPair& pair) {
  Parsed parsed{read_certificate(pair.certificate), read_key(pair.key)};
  if (parsed.certificate == nullptr || parsed.key == nullptr ||
      X509_check_private_key(parsed.certificate.get(), parsed.key.get()) != 1) {
    ERR_clear_error();
    return Error{Errc::bad_argument, "these are no certificate and its key in the PEM format"};
  }
  return parsed;
}

bool sign_list(X509_CRL* list, const Parsed& authority) {
  const Time now(X509_gmtime_adj(nullptr, 0));
  const Time next(X509_time_adj_ex(nullptr, days_of_a_list, 0, nullptr));
  return X509_CRL_set_version(list, 1) == 1 &&
         X509_CRL_set_issuer_name(list, X509_get_subject_name(authority.certificate.get())) == 1 &&
         X509_CRL_set1_lastUpdate(list, now.get()) == 1 &&
         X509_CRL_set1_nextUpdate(list, next.get()) == 1 && X509_CRL_sort(list) == 1 &&
         X509_CRL_sign(list, authority.key.get(), EVP_sha256()) > 0;
}

} // namespace

std::string openssl_problem() {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    const char* const reason = ERR_reason_error_string(code);
    if (reason != nullptr && text.find(reason) == std::string::npos)
      text += (text.empty() ? "" : ", ") + std::string(reason);
  }
  return text.empty() ? "no reason is known" : text;
}

Result<KeyPair> make_authority(const std::string& name, int days) {
  const PrivateKey key = make_key();
  const Certificate certificate =
      key == nullptr ? nullptr : begin_certificate(name, key.get(), days);
  if (certificate == nullptr)
    return failed("no key can be made");
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  if (!add_extension(certificate.get(), certificate.get(), NID_basic_constraints,
                     "critical,CA:TRUE,pathlen:0") ||
      !add_extension(certificate.get(), certificate.get(), NID_key_usage,
                     "critical,keyCertSign,cRLSign") ||
      !add_extension(certificate.get(), certificate.get(), NID_subject_key_identifier, "hash") ||
      X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0)
    return failed("no authority can be made");
  return as_texts(certificate.get(), key.get());
}

Result<KeyPair> issue(const KeyPair& authority, const Peer& peer, int days) {
  if (!is_peer_name(peer.name))
    return Error{Errc::bad_argument, "\"" + printable(peer.name) +
                                         "\" is not a name; allowed: 1 to 64 of the characters "
                                         "A-Z a-z 0-9 _ . -"};
  const Result<Parsed> issuer = parse(authority);
  if (!issuer)
    return issuer.error();
  const PrivateKey key = make_key();
  const Certificate certificate =
      key == nullptr ? nullptr : begin_certificate(to_string(peer), key.get(), days);
  if (certificate == nullptr)
    return failed("no key can be made");
  X509* const from = issuer->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(from));
  const std::string usage = peer.kind == PeerKind::node ? "serverAuth,clientAuth" : "clientAuth";
  if (!add_extension(certificate.get(), from, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(certificate.get(), from, NID_key_usage, "critical,digitalSignature") ||
      !add_extension(certificate.get(), from, NID_ext_key_usage, usage) ||
      !add_extension(certificate.get(), from, NID_subject_alt_name, "URI:" + to_uri(peer)) ||
      !add_extension(certificate.get(), from, NID_authority_key_identifier, "keyid") ||
      X509_sign(certificate.get(), issuer->key.get(), EVP_sha256()) == 0)
    return failed("no certificate can be made");
  return as_texts(certificate.get(), key.get());
}

Result<std::string> revoke(const KeyPair& authority, const std::string& list,
                           const std::string& certificate) {
  const Result<Parsed> issuer = parse(authority);
  if (!issuer)
    return issuer.error();
  const RevokedList revoked(list.empty() ? X509_CRL_new() : read_revoked_list(list).release());
  if (revoked == nullptr)
    return Error{Errc::bad_argument,
                 "this is no list of revoked certificates: " + openssl_problem()};
  if (!certificate.empty()) {
    const Certificate given = read_certificate(certificate);
    if (given == nullptr ||
        X509_verify(given.get(), X509_get0_pubkey(issuer->certificate.get())) != 1) {
      ERR_clear_error();
      return Error{Errc::bad_argument, "the certificate is not one of this authority"};
    }
    X509_REVOKED* known = nullptr;
    if (X509_CRL_get0_by_cert(revoked.get(), &known, given.get()) == 1)
      return list;
    X509_REVOKED* const entry = X509_REVOKED_new();
    const Time now(X509_gmtime_adj(nullptr, 0));
    if (entry == nullptr ||
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(given.get())) != 1 ||
        X509_REVOKED_set_revocationDate(entry, now.get()) != 1 ||
        X509_CRL_add0_revoked(revoked.get(), entry) != 1)
      return failed("the certificate cannot be revoked");
  }
  const Bio text(BIO_new(BIO_s_mem()));
  if (!sign_list(revoked.get(), *issuer) || PEM_write_bio_X509_CRL(text.get(), revoked.get()) != 1)
    return failed("the list of revoked certificates cannot be written");
  return text_of(text);
}

bool counts_for(const KeyPair& authority, int days) {
  const Result<Parsed> parsed = parse(authority);
  if (!parsed)
    return false;
  std::time_t then = std::time(nullptr) + static_cast<std::time_t>(days) * seconds_a_day;
  return X509_cmp_current_time(X509_get0_notBefore(parsed->certificate.get())) < 0 &&
         X509_cmp_time(X509_get0_notAfter(parsed->certificate.get()), &then) > 0;
}

} // namespace stos::detail
