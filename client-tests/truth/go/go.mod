module seedance-mock/truth

go 1.24
