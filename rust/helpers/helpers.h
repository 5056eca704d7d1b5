/* SPDX-License-Identifier: GPL-2.0 */
/*
 * C for the crate: inline functions and macros, which have no symbol that Rust
 * could call. rust_helper_x is x in Rust.
 */
#ifndef _SLUICE_RUST_HELPERS_H
#define _SLUICE_RUST_HELPERS_H

struct socket;

int rust_helper_sluice_socket_create(int family, struct socket **sock);

#endif /* _SLUICE_RUST_HELPERS_H */
