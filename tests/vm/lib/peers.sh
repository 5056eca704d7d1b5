# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2086 # options in one word are several
# Real servers and clients against the sluice command, each case a function:
# status 0 if it went as it should; what it printed says why it did not. The
# demonstration (scripts/demo) and the scenario (tests/vm/peers.sh) both run
# them, in the virtual machine.

SLUICE=/out/userspace/sluice
WORK=$(mktemp -d)
cd "$WORK" || exit 2

MEGABYTES=${MEGABYTES:-64}
NGINX_PORT=4431 SERVE_PORT=4432 OPENSSL_PORT=4433

# What the sessions of 'sluice' were, a line each: for the table at the end.
SESSIONS=$WORK/sessions

make_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout key.pem -out cert.pem -subj /CN=demo -days 2 \
		-addext 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' 2>/dev/null
}

make_files() {
	mkdir -p www/up
	head -c "${MEGABYTES}M" /dev/urandom >www/file
	# gnutls-cli writes octet by octet: a small one for it
	head -c 2M www/file >www/small
	chmod 777 www/up
	SUM=$(sha256sum <www/file | cut -d' ' -f1)
}

start_nginx() {
	cat >nginx.conf <<END
user root;
events {}
pid $WORK/nginx.pid;
error_log $WORK/nginx.err;
http {
	access_log off;
	sendfile on;
	client_max_body_size 0;
	client_body_temp_path $WORK/body;
	server {
		listen 127.0.0.1:$NGINX_PORT ssl;
		listen [::1]:$NGINX_PORT ssl;
		ssl_certificate $WORK/cert.pem;
		ssl_certificate_key $WORK/key.pem;
		ssl_protocols TLSv1.2 TLSv1.3;
		root $WORK/www;
		location /up/ { dav_methods PUT; }
	}
}
END
	nginx -c "$WORK/nginx.conf" && wait_port "$NGINX_PORT"
}

start_serve() {
	"$SLUICE" serve --require-kernel -v --root www --put --cert cert.pem \
		--key key.pem --port "$SERVE_PORT" 2>serve.log &
	SERVE_PID=$!
	wait_port "$SERVE_PORT"
}

stop_servers() {
	kill "$SERVE_PID"
	wait "$SERVE_PID"
	kill "$(<nginx.pid)"
	grep -h '^sluice: session' serve.log | sed 's/^sluice:/serve:/' >>"$SESSIONS"
	[[ ! -s nginx.err ]] || cat nginx.err
}

wait_port() {
	local i
	for ((i = 0; i < 100; i++)); do
		ss -Hltn "sport = :$1" | grep -q . && return
		sleep 0.1
	done
	echo "nothing listens on port $1"
	return 1
}

# Key updates that all sessions have received.
updates_received() {
	"$SLUICE" stat | awk '$1 == "rx_key_updates" { print $2 }'
}

# Waits until there are so many.
wait_updates() {
	local i
	for ((i = 0; i < 100; i++)); do
		[[ $(updates_received) -ge $1 ]] && return
		sleep 0.05
	done
	return 1
}

# Runs the command as a client, with its session's line kept for the table.
client() {
	local status=0 command=$1
	shift
	"$SLUICE" "$command" --require-kernel --cacert cert.pem -v "$@" 2>client.log || status=$?
	grep '^sluice: session' client.log | sed "s/^sluice:/$command:/" >>"$SESSIONS"
	return "$status"
}

# Fails, with the client's words, if the file is not what was served.
same() {
	local sum
	sum=$(sha256sum <"$1" | cut -d' ' -f1)
	[[ $sum == "$SUM" ]] && return
	echo "the hash is $sum, not $SUM"
	cat client.log
	return 1
}

# A number from the line of the last session in a log: number LOG WORD, such as
# "12 key updates" behind "received".
key_updates() {
	grep -h '^sluice: session' "$1" | tail -n1 |
		sed "s/.*$2 [0-9]* octets in [0-9]* records, \([0-9]*\) key updates.*/\1/"
}

get_from_nginx() {
	client get "https://localhost:$NGINX_PORT/file" -o got "$@" && same got
}

get_by_address() {
	client get "https://[::1]:$NGINX_PORT/file" -o got && same got
}

get_every_suite() {
	local suite
	for suite in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256; do
		get_from_nginx --ciphersuites "$suite" || return
		grep -q "$suite" client.log || return
	done
}

# Our key is renewed on the way: nginx has to follow.
put_with_updates() {
	client put --update-after 100 www/file "https://localhost:$NGINX_PORT/up/file" || {
		cat client.log
		return 1
	}
	local n
	n=$(key_updates client.log sent)
	[[ $n -ge $((MEGABYTES * 64 / 100 - 1)) ]] || {
		echo "only $n key updates"
		return 1
	}
	same www/up/file
}

serve_to_openssl() {
	printf 'GET /file HTTP/1.0\r\n\r\n' |
		timeout 60 openssl s_client -quiet -connect "localhost:$SERVE_PORT" \
			-CAfile cert.pem -verify_return_error 2>openssl.log |
		tail -c "${MEGABYTES}M" >got
	same got
}

# A command has to stand alone in what a client reads: what follows waits until
# its key update has arrived.

# gnutls-cli renews its key (^rekey^) before it asks and while it gets the file.
serve_to_gnutls() {
	local before n i
	before=$(grep -c '^sluice: session' serve.log)
	n=$(updates_received)
	{
		for i in 1 2; do
			echo '^rekey^'
			wait_updates $((n + i))
		done
		printf 'GET /small HTTP/1.0\r\n\r\n'
		for _ in 1 2 3; do
			sleep 0.3
			echo '^rekey^'
		done
		sleep 150
	} | timeout 150 gnutls-cli --inline-commands --x509cafile=cert.pem \
		--logfile=gnutls.log -p "$SERVE_PORT" localhost 2>gnutls.err >got.raw &
	for ((i = 0; i < 1200; i++)); do
		sleep 0.1
		[[ $(grep -c '^sluice: session' serve.log) -gt $before ]] &&
			grep -aq 'Peer has closed' got.raw gnutls.log gnutls.err && break
	done
	body_of got.raw "$(stat -c %s www/small)" >got
	cmp got www/small || return
	n=$(key_updates serve.log received)
	[[ $n -ge 2 ]] && return
	echo "only $n key updates from gnutls-cli"
	return 1
}

# It asks for records of 512 octets at most, and kTLS has to make them so.
serve_in_small_records() {
	local before records i
	before=$(grep -c '^sluice: session' serve.log)
	head -c 20000 www/file >www/tiny
	(printf 'GET /tiny HTTP/1.0\r\n\r\n'; sleep 5) |
		timeout 60 gnutls-cli --x509cafile=cert.pem --recordsize 512 \
			-p "$SERVE_PORT" localhost >got.raw 2>gnutls.err
	body_of got.raw 20000 >got
	cmp got www/tiny || return
	for ((i = 0; i < 100; i++)); do
		[[ $(grep -c '^sluice: session' serve.log) -gt $before ]] && break
		sleep 0.1
	done
	records=$(sed -n 's/^sluice: session .*: sent [0-9]* octets in \([0-9]*\) records.*/\1/p' \
		serve.log | tail -n 1)
	echo "$records records"
	[[ $records -ge 40 ]]
}

# What follows the head in a client's output, which chats around it.
body_of() {
	python3 - "$1" "$2" <<'END'
import sys
data = open(sys.argv[1], "rb").read()
data = data[data.index(b"Connection: close\r\n\r\n") + 21:]
sys.stdout.buffer.write(data.replace(b"KEYUPDATE\n", b"")[:int(sys.argv[2])])
END
}

# Passes its input on, at most at 25 MB/s: a client has to wait for it, and looks
# at its own commands meanwhile.
slowly() {
	while dd bs=1M count=1 iflag=fullblock status=none >chunk && [[ -s chunk ]]; do
		cat chunk
		sleep 0.04
	done
}

# s_client renews its key and asks for ours (K) before and while it gets the file.
serve_under_updates() {
	local i n sent before
	before=$(grep -c '^sluice: session' serve.log)
	n=$(updates_received)
	{
		for i in 1 2 3; do
			echo K
			wait_updates $((n + i))
		done
		printf 'GET /file HTTP/1.0\r\n\r\n'
		for _ in $(seq 15); do
			sleep 0.15
			echo K
		done
		sleep 100
	} | timeout 100 openssl s_client -connect "localhost:$SERVE_PORT" \
		-CAfile cert.pem 2>openssl.log | slowly >got.raw &
	for ((i = 0; i < 900; i++)); do
		sleep 0.1
		[[ $(grep -c '^sluice: session' serve.log) -gt $before ]] &&
			tail -c 2000 got.raw | grep -aq '^closed' && break
	done
	body_of got.raw $((MEGABYTES * 1048576)) >got
	same got || return
	n=$(key_updates serve.log received)
	sent=$(key_updates serve.log sent)
	[[ $n -ge 6 && $sent -ge 6 ]] && return
	echo "$n key updates from s_client, $sent answered"
	return 1
}

# s_server reads a command only where it stands alone: wait until all numbers
# before it have arrived at the client. Gives up where they do not.
numbers_and_commands() {
	local i k
	for ((i = 0; i < UPDATES; i++)); do
		seq $((i * 1000)) $((i * 1000 + 999))
		for ((k = 0; k < 600; k++)); do
			[[ $(tail -n1 numbers) == "$((i * 1000 + 999))" ]] && break
			sleep 0.05
		done
		((k < 600)) || break
		echo K
		sleep 0.2
	done
	echo Q
	sleep 1
}
UPDATES=20

# s_server sends numbers, and renews its key (K asks for ours, too) in between.
# numbers_under_updates 'CLIENT OPTIONS' 'SERVER OPTIONS'
numbers_under_updates() {
	local status=0
	: >numbers
	numbers_and_commands |
		timeout 120 openssl s_server -accept "$OPENSSL_PORT" -naccept 1 \
			-cert cert.pem -key key.pem -tls1_3 $2 >openssl.log 2>&1 &
	wait_port "$OPENSSL_PORT" || return
	client connect $1 "localhost:$OPENSSL_PORT" >numbers < <(sleep 120) ||
		status=$?
	return "$status"
}

connect_under_updates() {
	# s_server's Q closes the socket without close_notify.
	numbers_under_updates --allow-truncation "" || {
		cat client.log
		return 1
	}
	cmp numbers <(seq 0 $((UPDATES * 1000 - 1))) || return
	local n
	n=$(key_updates client.log received)
	[[ $n == "$UPDATES" ]] || {
		echo "$n key updates received, not $UPDATES"
		return 1
	}
	n=$(key_updates client.log sent)
	[[ $n -ge 1 ]] || {
		echo "no request was answered"
		return 1
	}
}

# The server dies in the middle.
truncated() {
	local status=0
	openssl s_server -accept "$OPENSSL_PORT" -cert cert.pem -key key.pem \
		-tls1_3 -WWW -quiet >openssl.log 2>&1 &
	local pid=$!
	disown "$pid"	# or the shell reports that it was killed
	wait_port "$OPENSSL_PORT" || return
	(
		until [[ $(stat -c %s cut.part 2>/dev/null || echo 0) -gt 1000000 ]]; do
			sleep 0.02
		done
		kill -9 "$pid"
	) &
	local killer=$!
	client get "https://localhost:$OPENSSL_PORT/www/file" -o cut || status=$?
	kill "$killer" "$pid" 2>/dev/null
	wait "$killer" 2>/dev/null
	rm -f cut cut.part
	[[ $status == 4 ]] && grep -q 'close_notify\|octets before the end' client.log && return
	echo "exit status $status, not 4:"
	cat client.log
	return 1
}

raw_meets_ticket() {
	local status=0
	"$SLUICE" get --raw-ktls --cacert cert.pem -o raw \
		"https://localhost:$NGINX_PORT/file" 2>client.log || status=$?
	rm -f raw.part
	cat client.log
	[[ $status == 3 ]] && grep -q 'EIO at a ticket' client.log
}

raw_meets_update() {
	local status=0
	numbers_under_updates --raw-ktls '-num_tickets 0' || status=$?
	cat client.log
	[[ $status == 3 ]] && grep -q 'EKEYEXPIRED' client.log
}

# TLS 1.2 is kTLS's alone: without close_notify to read, that will do.
raw_tls12_suite() {
	local url=https://localhost:$NGINX_PORT
	"$SLUICE" get --raw-ktls -v --tls-max 1.2 --ciphersuites "$1" \
		--cacert cert.pem -o got "$url/file" 2>client.log &&
		grep -q "TLS 1.2, $1.* encrypted by kTLS" client.log &&
		same got || return
	rm -f www/up/old
	"$SLUICE" put --raw-ktls --tls-max 1.2 --ciphersuites "$1" \
		--cacert cert.pem www/file "$url/up/old" 2>client.log &&
		same www/up/old
}

raw_tls12() {
	local suite
	for suite in TLS_ECDHE_ECDSA_WITH_{AES_128_GCM_SHA256,AES_256_GCM_SHA384,CHACHA20_POLY1305_SHA256}; do
		raw_tls12_suite "$suite" && continue
		cat client.log
		return 1
	done
}

# The module does not take it: who requires it is told, others do without.
tls12_without_module() {
	local status=0 url=https://localhost:$NGINX_PORT
	"$SLUICE" get --require-kernel --tls-max 1.2 --cacert cert.pem -o got \
		"$url/file" 2>client.log || status=$?
	cat client.log
	[[ $status == 5 ]] && grep -q 'does not take TLS 1.2' client.log &&
		"$SLUICE" get -v --tls-min 1.2 --tls-max 1.2 --cacert cert.pem -o got \
			"$url/file" 2>client.log && same got &&
		grep -q 'encrypted by this process' client.log
}

# kTLS counts every session and every new key, ours and those of the raw ones.
counters_agree() {
	local raw=$1 attached tx rx
	"$SLUICE" stat >stat.log || return
	attached=$(awk '$1 == "attached" { print $2 }' stat.log)
	tx=$(awk '$1 == "tx_key_updates" { print $2 }' stat.log)
	rx=$(awk '$1 == "rx_key_updates" { print $2 }' stat.log)
	proc() {
		awk -v name="$1" '$1 == name { print $2 }' /proc/net/tls_stat
	}
	printf '%-34s %10s %10s\n' '' sluice kTLS \
		'sessions (and raw ones)' "$attached+$raw" "$(proc TlsTxSw)" \
		'sending keys renewed' "$tx" "$(proc TlsTxRekeyOk)" \
		'receiving keys renewed' "$rx" "$(proc TlsRxRekeyOk)" \
		'records that did not decrypt' 0 "$(proc TlsDecryptError)"
	[[ $((attached + raw)) == "$(proc TlsTxSw)" &&
		$((attached + raw)) == "$(proc TlsRxSw)" &&
		$tx == "$(proc TlsTxRekeyOk)" && $rx == "$(proc TlsRxRekeyOk)" &&
		$(proc TlsDecryptError) == 0 ]]
}
