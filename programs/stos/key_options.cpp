#include "programs/stos/key_options.hpp"

#include <string>

namespace stos::program {

void add_keys(CLI::App& app, TlsOptions& tls, bool& insecure) {
  const auto file = [&app](const std::string& name, std::string& path, const std::string& variable,
                           const std::string& meaning) {
    return app.add_option(name, path, meaning)->envname(variable)->type_name("FILE")->group("Keys");
  };
  auto* const ca = file("--ca", tls.ca, "STOS_CLUSTER_TLS_CA",
                        "ca.crt of the cluster (see stos keys); default: the user's own keys.");
  auto* const certificate = file("--certificate", tls.certificate, "STOS_CLUSTER_TLS_CERTIFICATE",
                                 "This tool's certificate.");
  auto* const key = file("--key", tls.key, "STOS_CLUSTER_TLS_KEY", "The private key of it.");
  file("--revoked", tls.revoked, "STOS_CLUSTER_TLS_REVOKED",
       "List of certificates that do not count any more.")
      ->needs(ca);
  ca->needs(certificate)->needs(key);
  certificate->needs(ca);
  key->needs(ca);
  app.add_flag("--insecure", insecure, "No TLS, as cluster.insecure has it.")
      ->envname("STOS_CLUSTER_INSECURE")
      ->group("Keys");
}

} // namespace stos::program
