#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace stos::detail {

/// Owners of OpenSSL's objects.
template <class T, auto Free>
struct FreedBy {
  void operator()(T* object) const { Free(object); }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, FreedBy<T, Free>>;

using Bio = Handle<BIO, BIO_free_all>;
using Certificate = Handle<X509, X509_free>;
using PrivateKey = Handle<EVP_PKEY, EVP_PKEY_free>;
using RevokedList = Handle<X509_CRL, X509_CRL_free>;
using Extension = Handle<X509_EXTENSION, X509_EXTENSION_free>;
using Time = Handle<ASN1_TIME, ASN1_TIME_free>;
using Context = Handle<SSL_CTX, SSL_CTX_free>;
using Session = Handle<SSL, SSL_free>;
using Names = Handle<GENERAL_NAMES, GENERAL_NAMES_free>;

/// A text to be read; it must outlive what is returned.
inline Bio reading(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// The first of its kind in a PEM text; null if there is none.
inline Certificate read_certificate(const std::string& text) {
  return Certificate(PEM_read_bio_X509(reading(text).get(), nullptr, nullptr, nullptr));
}
/// A key that is locked by a pass phrase is none: there is no user to be asked for it.
inline PrivateKey read_key(const std::string& text) {
  constexpr auto no_phrase = [](char*, int, int, void*) { return 0; };
  return PrivateKey(PEM_read_bio_PrivateKey(reading(text).get(), nullptr, +no_phrase, nullptr));
}
inline RevokedList read_revoked_list(const std::string& text) {
  return RevokedList(PEM_read_bio_X509_CRL(reading(text).get(), nullptr, nullptr, nullptr));
}

} // namespace stos::detail
