# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Kernel sessions whose handshakes an agent does, with peers that are not ours:
# what the scenarios of the agents share. Each case is a function: status 0 if
# it went as it should; what it printed says why it did not.

MEGABYTES=${MEGABYTES:-64}
SAMPLES=${SAMPLES:-/out/kernel/samples}
RUST=${RUST:-/out/rust}
PEER_PORT=4441 SERVER_PORT=4442 SILENT_PORT=4443 PSK_PORT=4444
MUTUAL_PORT=4445
ECHO="python3 -u $(realpath "$(dirname "${BASH_SOURCE[0]}")")/echo.py"
WORK=$(mktemp -d)
cd "$WORK" || exit 2

n=0 status=0
check() {
	local name=$1
	shift
	if "$@" >case.log 2>&1; then
		echo "ok $((++n)) - $name"
	else
		tail -n 8 case.log agent.log | sed 's/^/# /'
		echo "not ok $((++n)) - $name"
		status=1
	fi
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

# Waits until the agent has said it.
wait_agent() {
	local i
	for ((i = 0; i < 100; i++)); do
		grep -q "$1" agent.log && return
		sleep 0.1
	done
	echo "the agent does not say '$1'"
	return 1
}

# until_true SECONDS COMMAND…
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null; do
		((SECONDS < end)) || {
			echo "this does not become true: $*"
			dmesg | tail -n 5
			return 1
		}
		sleep 0.1
	done
}

certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$1.key" -out "$1.pem" -subj "/CN=$1" -days 2 \
		-addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>/dev/null
}

# Clients' certificates, of an authority and not: NAME.pem with NAME.key in it.
client_certificate() {
	local name=$1
	shift
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$name.key" -out "$name.pem" -subj "/CN=$name" \
		-addext extendedKeyUsage=clientAuth "$@" 2>/dev/null
	cat "$name.key" >>"$name.pem"
}

client_certificates() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout ca.key -out ca.pem -subj "/CN=authority" -days 2 2>/dev/null
	client_certificate alice -CA ca.pem -CAkey ca.key -days 2
	client_certificate expired -CA ca.pem -CAkey ca.key \
		-not_before 20200101000000Z -not_after 20210101000000Z
	client_certificate mallory -days 2
}

# cert= and privkey= of a client's certificate, in the keyring.
credential() {
	echo "cert=$(openssl x509 -in "$1.pem" -outform DER |
		keyctl padd user "$1.cert" "$KEYRING") privkey=$(
		openssl pkcs8 -topk8 -nocrypt -in "$1.key" -outform DER |
		keyctl padd user "$1.key" "$KEYRING") keyring=$KEYRING"
}

# The driver's credentials: serials of keys in a keyring of their own.
make_keys() {
	certificate server
	certificate other
	client_certificates
	KEYRING=$(keyctl newring sluice @u)
	CERT=$(openssl x509 -in server.pem -outform DER |
		keyctl padd user cert "$KEYRING")
	KEY=$(openssl pkcs8 -topk8 -nocrypt -in server.key -outform DER |
		keyctl padd user key "$KEYRING")
	openssl rand 32 >psk
	PSK=$(keyctl padd user sluice-psk "$KEYRING" <psk)
	PSK_HEX=$(od -An -v -tx1 psk | tr -d ' \n')
}

start_peer() {
	$ECHO serve "$PEER_PORT" server.pem server.key >peer.log 2>&1 &
	PEER_PID=$!
	$ECHO serve "$((PEER_PORT + 100))" other.pem other.key >other.log 2>&1 &
	OTHER_PID=$!
	$ECHO serve "$MUTUAL_PORT" server.pem server.key ca.pem >mutual.log 2>&1 &
	MUTUAL_PID=$!
	# One that takes connections, and says nothing.
	python3 -c "
import socket, time
s = socket.create_server(('127.0.0.1', $SILENT_PORT))
time.sleep(3600)" &
	SILENT_PID=$!
	wait_port "$PEER_PORT" && wait_port "$((PEER_PORT + 100))" &&
		wait_port "$SILENT_PORT" && wait_port "$MUTUAL_PORT"
}

load_drivers() {
	insmod "$SAMPLES"/sluice_echo_client.ko
	insmod "$SAMPLES"/sluice_echo_server.ko port="$SERVER_PORT" \
		cert="$CERT" privkey="$KEY" keyring="$KEYRING"
}

unload_drivers() {
	rmmod sluice_echo_client && rmmod sluice_echo_server
}

end_all() {
	kill "$PEER_PID" "$OTHER_PID" "$SILENT_PID" "$MUTUAL_PID"
	exit "$status"
}

# One that knows the pre-shared key alone.
psk_to_peer() {
	local pid result=0
	$ECHO serve-psk "$PSK_PORT" "$1" "$PSK_HEX" >psk.log 2>&1 &
	pid=$!
	wait_port "$PSK_PORT" &&
		drives "$2" 1 "$PSK_PORT" auth=psk psk="$PSK" keyring="$KEYRING" \
			bytes=1000000 || result=1
	kill "$pid"
	cat psk.log
	return "$result"
}

# Loads the echo server anew, with other parameters.
reload_server() {
	rmmod sluice_echo_server
	insmod "$SAMPLES"/sluice_echo_server.ko port="$SERVER_PORT" "$@"
}

psk_from_python() {
	reload_server keyring="$KEYRING" "$@" &&
		$ECHO send-psk "$SERVER_PORT" sluice-psk "$PSK_HEX" &&
		! $ECHO send-psk "$SERVER_PORT" sluice-ps "$PSK_HEX" &&
		! $ECHO send-psk "$SERVER_PORT" sluice-psk "00$PSK_HEX"
}

# What 'drive' has to print first on each of its lines; the rest are options.
# drives RESULT COUNT PORT OPTION…
drives() {
	local result=$1 count=$2 port=$3
	shift 3
	$ECHO drive "$port" "$count" "$*" | tee drive.log
	[[ $(grep -c "^$result " drive.log) == "$count" ]] && return
	grep -v "^$result " drive.log
	return 1
}

# A counter of the line that 'drive' printed.
counted() {
	sed -n "s/.*\b$1=\([0-9]*\).*/\1/p" drive.log | head -n1
}

to_peer() {
	drives ok 1 "$PEER_PORT" auth=anon name=localhost \
		bytes=$((MEGABYTES << 20)) depth=16 &&
		[[ $(counted received) == $((MEGABYTES << 20)) ]]
}

many_to_peer() {
	drives ok 64 "$PEER_PORT" auth=anon name=localhost bytes=100000 \
		timeout=120000
}

# OpenSSL wants the driver's certificate. as NAME RESULT
as() {
	# shellcheck disable=SC2046 # several words
	drives "$2" 1 "$MUTUAL_PORT" auth=x509 name=localhost bytes=100000 \
		$(credential "$1")
}

as_refused() {	# NAME ALERT
	as "$1" ECONNABORTED && [[ $(counted alert_received) == "$2" ]]
}

as_nobody() {
	drives ECONNABORTED 1 "$MUTUAL_PORT" auth=anon name=localhost bytes=1 &&
		[[ $(counted alert_received) == 116 ]]
}

# The driver is told the serial of a key with the certificate of its peer.
# key_of NAME
key_of() {
	local serial
	serial=$(counted peer)
	keyctl describe "$serial"
	[[ $serial -gt 0 ]] && keyctl rdescribe "$serial" | grep -q "^asymmetric;.*TLS x509 $1"
}

wrong_name() {
	drives EACCES 1 "$PEER_PORT" auth=anon name=impostor.example bytes=1
}

wrong_authority() {
	drives EACCES 1 "$((PEER_PORT + 100))" auth=anon name=localhost bytes=1
}

# protocol_to_peer OFFERED AGREED
protocol_to_peer() {
	drives ok 1 "$PEER_PORT" auth=anon name=localhost bytes=1000 alpn="$1" &&
		grep -q " alpn=$2$" drive.log
}

silent_peer() {
	drives ETIMEDOUT 1 "$SILENT_PORT" auth=anon name=localhost timeout=700
}

from_python() {
	$ECHO send "$SERVER_PORT" server.pem "$MEGABYTES"
}

from_gnutls() {
	(echo 'over GnuTLS'; sleep 3) | gnutls-cli --x509cafile server.pem \
		--priority NORMAL:-VERS-ALL:+VERS-TLS1.3 -p "$SERVER_PORT" \
		localhost | tee gnutls.log
	grep -q '^over GnuTLS$' gnutls.log
}

# A line, key updates that ask for an answer, and another line.
openssl_updates() {
	(
		echo before
		sleep 1
		for ((i = 0; i < $1; i++)); do
			echo K
			sleep 0.05
		done
		echo behind
		sleep 2
	) | openssl s_client -connect "127.0.0.1:$SERVER_PORT" -CAfile server.pem \
		-verify_return_error -tls1_3 >openssl.log 2>&1
	tail -n 5 openssl.log
	grep -q '^before$' openssl.log
}
