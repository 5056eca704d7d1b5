// SPDX-License-Identifier: GPL-2.0

//! Sample: the smallest driver that calls Sluice.

use kernel::prelude::*;
use sluice::session;

module! {
    type: Hello,
    name: "sluice_hello",
    authors: ["The authors of Sluice"],
    description: "Sample: the smallest driver that calls Sluice",
    license: "GPL",
}

struct Hello;

impl kernel::Module for Hello {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        match session::refused() {
            Err(error) => pr_info!("no session without a connection: {:?}\n", error),
            Ok(()) => pr_err!("a session without a connection\n"),
        }
        Ok(Self)
    }
}

impl Drop for Hello {
    fn drop(&mut self) {
        pr_info!("bye\n");
    }
}
