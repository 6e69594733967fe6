package rpc

import "strconv"

// noun is a Polish noun as it goes with a number: 1 znak, 2 znaki, 5 znaków.
type noun struct {
	one, few, many string
}

var (
	characters   = noun{"znak", "znaki", "znaków"}
	charactersTo = noun{"znaku", "znaków", "znaków"} // after "do", which takes the genitive
	octets       = noun{"bajt", "bajty", "bajtów"}
)

// count writes a number with the noun in the form that it takes: 2 to 4 take the second one, also at the end of a larger number, but for 12 to 14.
func (n noun) count(number string) string {
	form := n.many
	value, err := strconv.ParseUint(number, 10, 64)
	last, teens := value%10, value%100
	switch {
	case err != nil:
	case value == 1:
		form = n.one
	case last >= 2 && last <= 4 && (teens < 12 || teens > 14):
		form = n.few
	}
	return number + " " + form
}
