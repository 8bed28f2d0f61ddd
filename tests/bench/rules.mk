# SPDX-License-Identifier: MIT
#:: make bench           unet against its rivals, in instructions; see tests/bench/README.md
#
# Programs and the BPF object fall to build/bench/, the module that drops to
# build/bench/drop-$(KVER)/. The VM sees the tree, so nothing is copied.

BENCH_KVER ?= $(shell tests/setup.sh --kernel 6.12 2>/dev/null)
BENCH_RX := $(patsubst tests/bench/%.c,build/rel/obj/tests/bench/%.o,$(wildcard tests/bench/rx*.c))

$(eval $(call compile_rule,rel,tests/bench,))

build/bench/bench_gen: build/rel/obj/tests/bench/gen.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $^ -lbpf -o $@

build/bench/bench_rx: $(BENCH_RX) build/rel/libunet.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $^ -lxdp -lbpf $(LIB_LIBS) -o $@

BENCH_TCP := $(patsubst tests/bench/%.c,build/rel/obj/tests/bench/%.o,$(wildcard tests/bench/tcp*.c))

build/bench/bench_tcp_%: $(BENCH_TCP) build/rel/obj/tests/bench/net_%.o build/rel/libunet.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -rdynamic $^ $(LIB_LIBS) -o $@

build/bench/hook_empty.so: build/rel/obj/tests/bench/hook_empty.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -shared $^ -o $@

BENCH_MID := $(patsubst tests/bench/%.c,build/rel/obj/tests/bench/%.o,\
	$(filter-out %.bpf.c,$(wildcard tests/bench/mid*.c)))

build/bench/bench_mid: $(BENCH_MID) build/rel/libunet.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $^ -lbpf -lmnl $(LIB_LIBS) -o $@

build/bench/bench_types build/bench/bench_idle: build/bench/bench_%: build/rel/obj/tests/bench/%.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $^ -o $@

build/bench/bench_flows: build/rel/obj/tests/bench/flows.o build/rel/libunet.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $^ $(LIB_LIBS) -o $@

build/bench/%.bpf.o: tests/bench/%.bpf.c tests/bench/gen.h
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -O2 -g -Wall -Werror -target bpf \
		-idirafter /usr/include/$(shell $(CC) -print-multiarch) -c $< -o $@

.PHONY: bench bench-build bench-drop
bench-drop:
	$(Q)$(call mirror,build/bench/drop-$(BENCH_KVER),tests/bench/drop)
	$(Q)$(MAKE) --no-print-directory -C /lib/modules/$(BENCH_KVER)/build \
		M=$(CURDIR)/build/bench/drop-$(BENCH_KVER)/tests/bench/drop $(KFLAGS) modules

bench-build: tools build/bench/bench_gen build/bench/bench_rx build/bench/gen.bpf.o \
		build/bench/bench_mid build/bench/mid.bpf.o build/bench/bench_types \
		build/bench/bench_idle build/bench/bench_flows build/bench/bench_tcp_kernel build/bench/bench_tcp_unet \
		build/bench/hook_empty.so bench-drop
	$(Q)$(MAKE) --no-print-directory modules KVER=$(BENCH_KVER) \
		KDIR=/lib/modules/$(BENCH_KVER)/build

bench:
	$(Q)tests/setup.sh check
	$(Q)$(MAKE) --no-print-directory bench-build
	$(Q)tests/bench/bench.sh

#:: make bench-hooks     what hooks cost in instructions, counted by valgrind; no VM
build/bench/bench_hooks: build/rel/obj/tests/bench/hooks.o build/rel/libunet.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $^ $(LIB_LIBS) -o $@

.PHONY: bench-hooks
bench-hooks: build/bench/bench_hooks
	$(Q)tests/bench/hooks.sh
