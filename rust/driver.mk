# SPDX-License-Identifier: GPL-2.0
# What the Kbuild file of a Rust driver includes, in this tree or in another:
#
#	obj-m := mine.o
#	include /path/to/sluice/rust/driver.mk
#
# The driver's source is mine.rs then, or what mine-y says, and can say 'use
# sluice::…'. The crate and its helpers become part of the module.
sluice-rust := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
sluice-drivers := $(patsubst %.o,%,$(filter %.o,$(obj-m) $(obj-y)))

# mine.o is the whole, so what mine.rs becomes has another name.
$(foreach d,$(sluice-drivers),$(if $($(d)-y)$($(d)-objs),,$(eval $(d)-y := $(d)_rs.o)))
$(obj)/%_rs.o: $(obj)/%.rs FORCE
	+$(call if_changed_rule,rustc_o_rs)

sluice-parts := $(patsubst %.o,%,$(foreach d,$(sluice-drivers),$($(d)-y) $($(d)-objs)))
sluice-rs := $(foreach p,$(sluice-parts),$(if $(wildcard $(src)/$(p).rs $(src)/$(p:_rs=).rs),$(p)))

# The crate: SLUICE_CRATE says where it is built, if it is for several drivers.
ifndef SLUICE_CRATE
include $(sluice-rust)/crate.mk
endif
sluice-crate := $(or $(SLUICE_CRATE),$(obj))
$(foreach p,$(sluice-rs),$(eval RUSTFLAGS_$(p).o += --extern sluice=$(sluice-crate)/libsluice.rmeta))
$(patsubst %,$(obj)/%.o,$(sluice-rs)): $(sluice-crate)/sluice_lib.o

ifdef SLUICE_CRATE
$(obj)/sluice_lib.o $(obj)/sluice_helpers.o: $(obj)/%.o: $(SLUICE_CRATE)/%.o FORCE
	$(call if_changed,copy)
endif

$(foreach d,$(patsubst %.o,%,$(filter %.o,$(obj-m))),$(eval $(d)-y += sluice_lib.o sluice_helpers.o))
