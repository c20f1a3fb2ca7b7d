# server.pl PORT STORE: the loop of Net::SMTP::Server's own example, with a process to each connection, as it advises; in
# place of the relay each message becomes a file with its sender and recipients on the first two lines.
use strict;
use Net::SMTP::Server;
use Net::SMTP::Server::Client;

my ($port, $store) = @ARGV;
$SIG{CHLD} = 'IGNORE';
my $server = Net::SMTP::Server->new('127.0.0.1', $port) or die "cannot listen on $port: $!";
my $number = 0;
while (my $connection = $server->accept()) {
  $number++;
  next if fork;
  my $client = Net::SMTP::Server::Client->new($connection) or die $!;
  if ($client->process) {
    open my $file, '>', "$store/$number" or die $!;
    print $file "$client->{FROM}\n@{$client->{TO}}\n$client->{MSG}";
    close $file or die $!;
  }
  exit;
}
