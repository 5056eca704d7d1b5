#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Documentation/rust-driver.md, from where it needs the kernel.
exec scripts/rust/guide run
