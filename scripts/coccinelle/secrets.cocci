// SPDX-License-Identifier: GPL-2.0
/// Secrets on the stack do not outlive their use: they are wiped on every path,
/// by what the compiler can't leave out.
//
// Options: --no-includes --include-headers

virtual report

// All paths have to match: there is no 'exists'.
@wiped@
type T = { struct sluice_key, struct sluice_secret, struct sluice_attach };
local idexpression T x;
position p;
@@
\( sluice_key_derive@p(&x, ...) \| sluice_secret_set@p(&x, ...) \| copy_struct_from_sockptr@p(&x, ...) \)
... when strict
\( sluice_key_wipe(&x) \| sluice_secret_wipe(&x) \| memzero_explicit(&x, sizeof(x)) \)

@forgotten@
type T = { struct sluice_key, struct sluice_secret, struct sluice_attach };
local idexpression T x;
position p != wiped.p;
@@
\( sluice_key_derive@p(&x, ...) \| sluice_secret_set@p(&x, ...) \| copy_struct_from_sockptr@p(&x, ...) \)

@script:python depends on report@
p << forgotten.p;
@@
coccilib.report.print_report(p[0], "the secret is not wiped on every path")

@weak@
{ struct sluice_key *, struct sluice_secret *, struct sluice_attach * } secret;
position p;
@@
memset@p(secret, ...)

@script:python depends on report@
p << weak.p;
@@
coccilib.report.print_report(p[0], "memset() on a secret: the compiler may leave it out")
