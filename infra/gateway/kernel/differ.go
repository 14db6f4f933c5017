package kernel

// differ compares what is there with what is wanted: what to make or change, and the keys of what to remove.
func differ[K, V comparable](have, want map[K]V) (change map[K]V, remove []K) {
	change = map[K]V{}
	for key, value := range want {
		if old, isThere := have[key]; !isThere || old != value {
			change[key] = value
		}
	}
	for key := range have {
		if _, isWanted := want[key]; !isWanted {
			remove = append(remove, key)
		}
	}
	return change, remove
}
