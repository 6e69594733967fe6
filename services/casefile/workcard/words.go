package workcard

// Polish words of kinds, places and reasons, as printed on the card.
var (
	KindTitles = map[VisitKind]string{
		Meeting: "spotkanie", Accompanying: "towarzyszenie rodzinie", Joint: "wspólna wizyta z pracownikiem socjalnym", Intervention: "interwencja",
		Unsuccessful: "wizyta nie doszła do skutku",
	}
	PlaceTitles = map[Place]string{
		AtHome: "miejsce zamieszkania", ChosenByFamily: "miejsce wskazane przez rodzinę", AtOffice: "siedziba ośrodka", ByPhone: "telefonicznie", Elsewhere: "inne miejsce",
	}
	FailureTitles = map[Failure]string{NobodyAtHome: "nikogo nie zastano", Refused: "rodzina odmówiła", CalledOff: "rodzina odwołała spotkanie"}
)
