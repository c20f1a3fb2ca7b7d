module mailstorm.test/mhale-smtpd

go 1.22

require github.com/mhale/smtpd v0.8.3
