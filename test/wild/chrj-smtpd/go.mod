module mailstorm.test/chrj-smtpd

go 1.22

require github.com/chrj/smtpd v0.3.1
