# Net::Server::Mail: `server.pl PORT`. As in its synopsis, with a process to each session; each message is a line in a file.
use strict;
use warnings;
use IO::Socket::INET;
use Net::Server::Mail::ESMTP;

$SIG{CHLD} = 'IGNORE';
my $server = IO::Socket::INET->new(Listen => 128, LocalAddr => '127.0.0.1', LocalPort => $ARGV[0], ReuseAddr => 1)
    or die "$ARGV[0]: $!";
while (1) {
    # A child that ends interrupts it.
    my $session = $server->accept or next;
    if (!fork) {
        my $esmtp = Net::Server::Mail::ESMTP->new(socket => $session);
        $esmtp->register('Net::Server::Mail::ESMTP::8BITMIME');
        $esmtp->register('Net::Server::Mail::ESMTP::PIPELINING');
        $esmtp->set_callback(DATA => \&take);
        $esmtp->process;
        exit;
    }
    close $session;
}

sub take {
    my ($session) = @_;
    my @recipients = $session->get_recipients;
    return (0, 554, 'no recipients') if !@recipients;
    open my $received, '>>', '/var/lib/mailstorm/received' or return (0, 451, "$!");
    syswrite $received, @recipients . "\n";
    return 1;
}
