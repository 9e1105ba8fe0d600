# Writes every packet of every interface as a line of hexadecimal digits. The first line says that it listens.
use strict;
$| = 1;
my ( $AF_PACKET, $SOCK_RAW, $ALL ) = ( 17, 3, 0x0300 );
socket( my $socket, $AF_PACKET, $SOCK_RAW, $ALL ) or die "no packet socket: $!\n";
print "ready\n";
while ( defined recv( $socket, my $packet, 65535, 0 ) ) { print unpack( "H160", $packet ), "\n"; }
