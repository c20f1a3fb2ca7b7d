module mailstorm.test/ci/ryuk

go 1.24
