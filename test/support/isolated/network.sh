# Run by `unshare -rnm`: a network of its own, whose only way out is a cable that nobody listens at. Then the program.
# Arguments: the file that stands in place of /etc/resolv.conf, and the program with its arguments.
set -e
ip link set lo up
# Public addresses that this machine answers itself: whatever is listed, and a server of names.
for address in 11.0.0.10 11.0.0.66 11.0.0.53; do ip addr add $address/32 dev lo; done
ip addr add 10.0.0.5/32 dev lo
ip link add out0 type veth peer name out1
for end in out0 out1; do ip link set $end addrgenmode none arp off; done
ip addr add 11.0.0.2/32 dev out0
ip link set out0 up
ip link set out1 up
ip route add default dev out0 src 11.0.0.2
if ip -6 addr add 2600::2/128 dev out0 nodad 2>/dev/null; then ip -6 route add default dev out0; fi
mount --bind "$1" /etc/resolv.conf
shift
exec "$@"
