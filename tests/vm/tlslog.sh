#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tlslog, with sluiced as the agent, and rsyslog with its GnuTLS driver as the
# server.
. "$(dirname "$0")/lib/agents.sh"
PORT=6514
LINES=${LINES:-10000}
UNLOADS=${UNLOADS:-10}

start_agent() {
	/out/userspace/sluiced --verbose --cacert server.pem 2>agent.log &
	AGENT_PID=$!
	wait_agent ready
}

# What has come, a line each: facility.severity|host|app|structured data|text
# Without a priority string, rsyslog's anon mode has no TLS 1.3.
# configure_server MODE: 'anon', or what certificate a client has to show.
configure_server() {
	cat >rsyslog.conf <<-END
		global(workDirectory="$WORK" defaultNetstreamDriver="gtls"
			defaultNetstreamDriverCAFile="$WORK/server.pem"
			defaultNetstreamDriverCertFile="$WORK/server.pem"
			defaultNetstreamDriverKeyFile="$WORK/server.key")
		module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1"
			streamDriver.authMode="$1" gnutlsPriorityString="NORMAL")
		input(type="imtcp" port="$PORT")
		template(name="line" type="string" string="%syslogfacility-text%.%syslogseverity-text%|%hostname%|%app-name%|%structured-data%|%msg%\n")
		action(type="omfile" file="$WORK/arrived" template="line")
	END
	touch arrived
}

start_server() {
	rsyslogd -n -f rsyslog.conf -i "$WORK/rsyslog.pid" 2>>rsyslog.log &
	SERVER_PID=$!
	wait_port "$PORT"
}

stop_server() {
	kill "-${1:-TERM}" "$SERVER_PID"
	wait "$SERVER_PID" 2>/dev/null
	return 0
}

load() {
	insmod "$RUST/drivers/tlslog/tlslog.ko" server="127.0.0.1:$PORT" \
		name="${NAME:-localhost}" "$@"
}

arrived() {
	until_true "${2:-20}" grep -aqE "$1" arrived
}

said() {
	until_true 10 sh -c "dmesg | grep -q '$1'"
}

# noise NAME LINES [OPTION…]: lines from a timer's interrupt
noise() {
	rmmod tlslog_noise 2>/dev/null
	insmod "$RUST/tests/tlslog/tlslog_noise.ko" name="$1" lines="$2" "${@:3}"
}

noise_is_over() {
	[[ $(cat /sys/module/tlslog_noise/parameters/lines) == 0 ]]
}

# All numbers have arrived, and first in their order: what was sent twice is
# counted, and no fault.
complete() {
	awk -v name="$1" -v lines="$2" -F'|' '
		$5 ~ "^ *" name " [0-9]+ irq$" {
			split($5, word, " ")
			n = word[2] + 0
			if (n <= last) { twice++; next }
			if (n != last + 1) { print "after " last " comes " n; bad = 1 }
			last = n
		}
		END {
			print last + 0 " of " lines ", " twice + 0 " of them twice"
			exit bad || last != lines
		}' arrived
}

refuses() {
	local text=$1
	shift
	dmesg -C
	! insmod "$RUST/drivers/tlslog/tlslog.ko" "$@" && said "tlslog: $text"
}

bad_parameters() {
	refuses 'server=: missing' &&
		refuses 'server=: not ADDRESS:PORT' server=localhost:6514 &&
		refuses 'server=: not ADDRESS:PORT' server=127.0.0.1 &&
		refuses 'name=: neither' server="127.0.0.1:$PORT" name=not_a/name &&
		refuses 'level=: not from' server="127.0.0.1:$PORT" level=8 &&
		refuses 'queue=: not from' server="127.0.0.1:$PORT" queue=15 &&
		refuses 'cert=: a certificate' server="127.0.0.1:$PORT" cert=1 &&
		refuses 'privkey=: not the serial' server="127.0.0.1:$PORT" privkey=-1
}

absent_at_first() {
	load && said 'tlslog: no connection to 127.0.0.1:6514: ECONNREFUSED' &&
		start_server && arrived '^kern.*\|kernel\|.*tlslog: no connection to'
}

fields() {
	echo '<4>a warning: ä€' >/dev/kmsg
	noise field 1
	arrived '^user.warning\|sluice-vm\|kmsg\|\[meta sequenceId="[0-9]+"\]\| ?a warning: ä€$' &&
		arrived '^kern.info\|sluice-vm\|kernel\|\[meta sequenceId="[0-9]+"\]\| ?field 1 irq$'
}

from_interrupts() {
	noise interrupt 300 && until_true 20 complete interrupt 300
}

# The server dies in the middle, in one way and the other.
through_restarts() {
	local how
	noise restart "$LINES" || return
	for how in KILL TERM KILL TERM KILL; do
		sleep 1.5
		stop_server "$how"
		sleep "0.$((RANDOM % 9))"
		start_server || return
	done
	until_true 60 noise_is_over
	until_true 30 complete restart "$LINES" >/dev/null
	complete restart "$LINES"
}

# What was sent last, and not read by who was killed: after what came earlier has
# been forgotten, and before a time without a server that is longer than what was
# acknowledged is kept.
unread() {
	local i
	sleep 3
	kill -STOP "$SERVER_PID"
	for ((i = 1; i <= 20; i++)); do
		echo "unread $i irq" >/dev/kmsg
	done
	sleep 0.5
	stop_server KILL
	sleep 4
	start_server && until_true 20 complete unread 20
	complete unread 20
}

wrong_name() {
	rmmod tlslog && dmesg -C && NAME=impostor.example load || return
	said 'tlslog: 127.0.0.1:6514 does not prove to be impostor.example' || return
	noise impostor 1
	sleep 1
	! grep -a 'impostor 1' arrived && rmmod tlslog
}

filtered() {
	load level=4 || return
	echo '<6>an information' >/dev/kmsg
	echo '<5>a notice' >/dev/kmsg
	echo '<4>the last warning' >/dev/kmsg
	arrived 'the last warning' && ! grep -aE 'an information|a notice' arrived &&
		rmmod tlslog
}

# Nobody is there to take them.
overflow() {
	local lost seen
	dmesg -C
	load queue=16 level=6 && said 'tlslog: connected' || return
	# What the kernel's buffer has is too much for it, too. What it says of that must
	# not come again: it counts what is said.
	sleep 5
	echo 'before the flood' >/dev/kmsg
	arrived 'before the flood' || return
	stop_server
	: >arrived
	noise flood 1000 && until_true 20 noise_is_over || return
	start_server
	arrived '^syslog.warning\|.*\|tlslog\|.*lines lost: [1-9][0-9]* found the queue full' || return
	sleep 1
	lost=$(sed -n 's/.*lines lost: \([0-9]*\) found the queue full.*/\1/p' arrived |
		awk '{ sum += $1 } END { print sum }')
	seen=$(grep -aoE '\| ?flood [0-9]+ irq$' arrived | sort -u | wc -l)
	echo "$lost lost, $seen arrived"
	((lost > 100 && seen > 50 && lost + seen >= 1000 && lost + seen < 1020))
}

# A server that knows its clients, and us when we show the certificate.
with_certificate() {
	rmmod tlslog && stop_server && configure_server x509/certvalid &&
		start_server || return
	load level=4 || return
	echo '<4>from nobody' >/dev/kmsg
	sleep 2
	! grep -a 'from nobody' arrived && rmmod tlslog || return
	load level=4 cert="$CERT" privkey="$KEY" keyring="$KEYRING" || return
	echo '<4>from a client' >/dev/kmsg
	arrived 'from a client' || return
	rmmod tlslog && stop_server && configure_server anon && start_server
	load queue=64
}

# feeds_itself NAME MOST: each request to send prints a line that begins so.
feeds_itself() {
	local before after
	noise "$1" 0 echo=1 && echo 'the first' >/dev/kmsg || return
	arrived "\\| ?$1 1\$" || return
	before=$(wc -l <arrived)
	echo 'a stone' >/dev/kmsg
	sleep 5
	after=$(wc -l <arrived)
	rmmod tlslog_noise
	echo "$((after - before)) lines in 5 seconds"
	((after > before && after - before <= $2))
}

unload_in_traffic() {
	local i
	noise traffic 1000000 || return
	for ((i = 0; i < UNLOADS; i++)); do
		sleep "0.$((RANDOM % 8))"
		rmmod tlslog || return
		dmesg -C
		load || return
	done
	rmmod tlslog_noise
	echo 'after all of it' >/dev/kmsg
	arrived 'after all of it'
}

# What the last case has counted.
figure() {
	sed -n '$s/^/# /p' case.log
}

make_keys
configure_server anon
start_agent
dmesg -n 8
sysctl -qw kernel.printk_devkmsg=on
check "parameters that are wrong are refused, and named" bad_parameters
check "a server that is not there yet" absent_at_first
check "each field of a message" fields
check "300 lines from hard interrupts" from_interrupts
check "$LINES lines while the server is killed five times" through_restarts
figure
check "20 lines that a server had not read when it was killed" unread
figure
check "a server of another name is refused, and gets nothing" wrong_name
check "the level" filtered
check "a queue that is full: what is lost is counted" overflow
figure
check "a server that asks for a certificate" with_certificate
if grep -q ' register_kprobe$' /proc/kallsyms; then
	check "lines about sending are few" feeds_itself "sluice: sends" 40
	figure
	check "lines that sending makes others print come at a bounded rate" feeds_itself echo 400
	figure
fi
check "unloaded and loaded in traffic, $UNLOADS times" unload_in_traffic
check "it unloads" rmmod tlslog
stop_server
kill "$AGENT_PID"
# shellcheck disable=SC2154 # of agents.sh
exit "$status"
