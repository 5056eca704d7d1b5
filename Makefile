# SPDX-License-Identifier: GPL-2.0
# What to do with the tree; 'make help' lists it. The targets that test make
# their own machine (scripts/env), so they need root on a Debian 12 or 13, and
# nothing else.
IN_ROOT := scripts/env/enter
KBUILD = make -C /lib/modules/$$(cat /etc/sluice-kernel)/build \
	M=/src/kernel MO=/out/kernel CONFIG_SLUICE=m CONFIG_SLUICE_SAMPLES=m CONFIG_SLUICE_TEST_DRIVER=m
RUST_KBUILD = make -C "$$(scripts/rust/tree)" M=/src/rust MO=/out/rust \
	CONFIG_SLUICE_RUST=m CONFIG_SLUICE_RUST_SAMPLES=m CONFIG_SLUICE_RUST_BENCH=m CONFIG_SLUICE_TLSLOG=m \
	CONFIG_SLUICE_TLSLOG_TEST=m \
	SLUICE_SYMVERS=/out/kernel/Module.symvers

.PHONY: help root modules rust rustdoc stats debug-kernel kcsan-kernel userspace vm-programs \
	demo check check-userspace check-bogo check-rust check-kunit check-vm check-debug check-famine check-kcsan \
	check-unload check-selftest check-style bench bench-baseline bench-kernel bench-kernel-quick \
	bench-rust bench-tree \
	install uninstall dkms clean distclean

help:
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 22

root: ## make the build root and the kernel tree (once: about 2 minutes)
	@scripts/env/root

modules: root ## build sluice.ko for the stock kernel
	@$(IN_ROOT) sh -c 'mkdir -p /out/kernel && $(KBUILD) -j"$$(nproc)"' >&2

rust: modules ## build the Rust crate, and the drivers that use it
	@$(IN_ROOT) sh -c 'mkdir -p /out/rust && $(RUST_KBUILD) -j"$$(nproc)"' >&2

rustdoc: rust ## the documentation of the Rust crate
	@$(IN_ROOT) sh -c '$(RUST_KBUILD) SLUICE_RUSTDOC=y' >&2
	@echo "$$(scripts/env/out)/rust/rustdoc/sluice/index.html"

stats: ## how much in rust/ is unsafe
	@scripts/rust/stats

debug-kernel: root ## build the debug kernel, with Sluice in it
	@$(IN_ROOT) scripts/debug/build

kcsan-kernel: root ## build the kernel that looks for data races, with Sluice in it
	@$(IN_ROOT) scripts/debug/build kcsan

userspace: root ## build libsluice and the sluice command
	@$(IN_ROOT) make -s -C userspace -j"$$(nproc)" O=/out/userspace >&2

vm-programs: userspace
	@$(IN_ROOT) make -s -C tests -j"$$(nproc)" O=/out/tests >&2
	@$(IN_ROOT) sh -c 'mkdir -p /out/famine && \
		make -s -C /lib/modules/$$(cat /etc/sluice-kernel)/build M=/src/tests/famine MO=/out/famine' >&2

demo: modules userspace ## the main job, on the stock kernel in a virtual machine
	@scripts/vm/run -s -t 600 scripts/demo

check: ## all the tests
	@scripts/check style userspace rust kunit vm debug

check-userspace: ## the tests of libsluice and of the command
	@scripts/check userspace

check-bogo: root ## BoringSSL's TLS tests, with its source in RUNNER=DIR; takes Go; not in 'check'
	@scripts/bogo "$(RUNNER)" $(BOGO_FLAGS)

check-rust: ## what must not compile with the Rust crate; drivers elsewhere; the guide
	@scripts/check rust

check-kunit: ## the module's KUnit suites, on User-Mode Linux
	@scripts/check kunit

check-vm: ## the scenarios on the stock kernel
	@scripts/check vm

check-debug: ## scenarios on a kernel that looks for mistakes
	@scripts/check debug

check-famine: modules vm-programs ## a session for swap while there is no memory; not in 'check'
	@scripts/vm/run -s -t 1800 SCENARIO_SECONDS=1500 scripts/vm/scenarios tests/famine/famine.sh

check-unload: debug-kernel vm-programs ## Rust drivers unloaded in traffic, 1000 times each; not in 'check'
	@scripts/vm/run -d -t 7200 SCENARIO_SECONDS=3600 UNLOADS=1000 MEGABYTES=8 \
		scripts/vm/scenarios tests/vm/rust.sh tests/vm/tlslog.sh

check-kcsan: ## programs on a kernel that looks for data races; not in 'check'
	@scripts/check kcsan

check-selftest: ## the kernel's own test of kTLS, all of it; not in 'check'
	@scripts/check selftest

check-style: ## warnings, checkpatch, sparse, shellcheck, spelling
	@scripts/check style

bench: root ## libsluice beside other TLS libraries; about five minutes
	@scripts/bench/libraries

bench-baseline: root ## set the instructions that 'make check-userspace' compares with
	@$(IN_ROOT) make -s -C userspace -j"$$(nproc)" O=/out/userspace bench-baseline

bench-kernel: modules vm-programs bench-tree ## what the record engine brings; about half an hour
	@scripts/bench/engine

bench-kernel-quick: modules vm-programs bench-tree ## the same in two minutes, for a first look
	@scripts/bench/engine -q

bench-rust: rust vm-programs ## what the Rust crate costs over C, in instructions
	@scripts/vm/run -i -s scripts/bench/rust

bench-tree: root
	@$(IN_ROOT) scripts/debug/build bench

install: ## build and install for this machine's own kernel
	$(MAKE) -C kernel modules_install
	$(MAKE) -C userspace install

uninstall: ## take away what install has put there
	$(MAKE) -C kernel uninstall
	$(MAKE) -C userspace uninstall

dkms: ## have DKMS build the module for each kernel of this machine
	$(MAKE) -C kernel dkms

clean: ## remove what was built from this checkout
	rm -rf "$$(scripts/env/out)" userspace/build kernel/build

distclean: clean ## remove the build root and the kernel tree, too
	rm -rf --one-file-system .cache
