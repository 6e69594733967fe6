package main

// guard is one guard and the test that must notice when it is gone.
type guard struct {
	name    string // kind of guard, then what it keeps
	file    string // from the root of the module
	line    string // part of the file, there once
	without string // what stands there when the guard is gone
	pkg     string // package whose test must fail
	test    string // regular expression of the test's name, as for go test -run
}

// guards are all guards that a command removes, by kind.
var guards = []guard{
	// The tenant's filter.
	{
		"tenant: a gmina's scope reaches its own aggregates", "internal/store/scope.go",
		"return d.Gmina == s.value", "return true", "./internal/store/sqlite", "TestConformance$",
	},
	{
		"tenant: a county's scope reaches its own aggregates", "internal/store/scope.go",
		"return d.County == s.value", "return true", "./internal/store/sqlite", "TestConformance$",
	},
	{
		"tenant: a coordinator's scope reaches files with a linked child", "internal/store/scope.go",
		"return slices.Contains(d.Audience, s.value)", "return true", "./internal/store/sqlite", "TestConformance$",
	},
	{
		"tenant: a scope holds its own kinds", "internal/store/scope.go",
		"return len(s.value) == 7 && !countyKinds[kind]", "return true", "./internal/store/sqlite", "TestConformance$",
	},
	{
		"tenant: a document is committed in the scope that handed it out", "internal/store/commit.go",
		"if base.scope != s.name() && (base.scope != system || base.Version == 0) {", "if false && system != \"\" {", "./internal/store/sqlite", "TestConformance$",
	},
	{
		"tenant: a role counts in the gmina of its employment", "internal/rpc/policy.go",
		`if n.Gmina != "" && e.Gmina != n.Gmina ||`, `if`, "./internal/rpc", "TestWhoMayCallWhere",
	},
	{
		"tenant: a county's role counts in its county", "internal/rpc/policy.go",
		"return inCounty && who.Has(r)", "return who.Has(r)", "./internal/rpc", "TestACountysRoleEndsAtTheCounty",
	},
	{
		"tenant: a service acts where it was asked to", "internal/rpc/policy.go",
		"|| !within(who, n)", "", "./internal/rpc", "TestServicesAskOneAnotherOnBehalf|TestWhoMayCallWhere",
	},
	{
		"tenant: a page token is bound to its list", "internal/store/token.go",
		"sealed[gcm.NonceSize():], bound)", "sealed[gcm.NonceSize():], bound[:0])", "./internal/store/sqlite", "TestConformance$",
	},
	{
		"tenant: a county's setting is its own administrator's", "internal/rpc/policy.go",
		"return inCounty && who.Has(r)", "return who.Has(r)", "./services/casefile/directory/server", "TestCountySettings",
	},
	// The permission.
	{
		"permission: only the roles of the contract", "internal/rpc/policy.go",
		"return g, len(g.Roles) > 0", "return g, true", "./internal/rpc", "TestWhoMayCallWhere",
	},
	{
		"permission: a call within the process passes the chain", "internal/rpc/inside.go",
		"&c.sent), read, s.chain)", "&c.sent), read, nil)", "./internal/rpc", "TestWhoMayCallWhere",
	},
	{
		"permission: a handler within the process sees nothing of its caller's context", "internal/rpc/inside.go",
		"func (s severed) Value(any) any { return nil }", "func (s severed) Value(k any) any { return s.of.Value(k) }", "./internal/rpc", "TestDirectKeepsTheSidesApart",
	},
	{
		"permission: a method without one does not start", "internal/rpc/server.go",
		"if err := s.Check(); err != nil {", "if err := s.Check(); false {", "./internal/rpc", "TestServerRefusesMethodsWithoutPermission",
	},
	{
		"permission: who may not log in today is nobody", "internal/directory/reader.go",
		"if len(people) != 1 || !people[0].ActiveOn(today) {", "if len(people) != 1 {", "./internal/directory", "TestWhoIsNobody|TestPrincipalHoldsWhatIsInForceToday",
	},
	{
		"permission: an employment counts while it is in force", "internal/directory/reader.go",
		"if !ok || s.Gmina[:4] != p.County {", "if !ok && false || s.Gmina[:4] != p.County {", "./internal/directory", "TestPrincipalHoldsWhatIsInForceToday",
	},
	{
		"permission: a remembered token ends", "internal/identity/authenticator.go",
		"if !known.expiry.After(now) {", "if false {", "./internal/identity", "TestRevocationAndExpiryReachRememberedTokens",
	},
	{
		"permission: a county's setting is its administrator's", "internal/rpc/policy.go",
		"return inCounty && who.Has(r)", "return inCounty", "./services/casefile/directory/server", "TestCountySettings",
	},
	// The object rule.
	{
		"object: only a role that reaches the family", "internal/rpc/object.go",
		"	if !ok {\n		return \"\", fault.Denied()", "	if !ok && false {\n		return \"\", fault.Denied()", "./internal/rpc", "TestVisible",
	},
	{
		"object: a changed file is authorized as it is now", "internal/rpc/mutate.go",
		"if m.Authorize != nil && base.Version > 0 {", "if false {", "./internal/rpc", "TestMutate",
	},
	{
		"object: absent is told to who sees the whole gmina", "internal/rpc/object.go",
		"if seesAll(access.GrantFrom(ctx)) {", "if true {", "./internal/rpc", "TestWhoLearnsThatSomethingIsAbsent",
	},
	{
		"object: a coordinator keeps to the gmina named", "internal/rpc/object.go",
		"if err == nil && doc.Gmina != s.gmina {", "if false {", "./internal/rpc", "TestCoordinatorsReachLinkedFilesOnly",
	},
	{
		"object: who is locked out of a file is out of its referral", "internal/rpc/related.go",
		"p.LockedOut = slices.Concat(p.LockedOut, c.LockedOut)", "p.LockedOut = slices.Clone(p.LockedOut)", "./services/referral/server", "TestWhoIsLockedOutOfTheFileIsOutOfItsReferral",
	},
	{
		"object: a body reaches a referral while the family is given to it", "internal/rpc/related.go",
		"if c.ContractedBody != p.ContractedBody {", "if false {", "./services/referral/server", "TestABodyReachesTheReferralWhileTheFamilyIsGivenToIt",
	},
	{
		"object: terms of a referral heed its file", "services/casefile/workcard/server/deadlines.go",
		"if p, err = s.deps.PartiesWithFile(ctx, doc.Gmina, c.FamilyFile, p); err != nil {", "if err != nil {", "./services/casefile/workcard/server", "TestNoTermOfAReferralToWhoIsLockedOutOfItsFile",
	},
	{
		"object: a reopened file keeps out whom the referral keeps out", "services/casefile/open.go",
		"	cmd.keepOut(c)\n", "", "./services/casefile/server", "TestReopenedFileKeepsOutWhomTheReferralKeepsOut",
	},
	// The check of the version, and what stands for it.
	{
		"version: a stale etag changes nothing", "internal/rpc/mutate.go",
		"if m.Etag != \"\" && m.Etag != Etag(base.Version) {", "if false {", "./internal/rpc", "TestMutate",
	},
	{
		"version: a stale etag changes no setting of a county", "services/casefile/directory/server/counties.go",
		"Etag: req.GetEtag(), ValidateOnly", "ValidateOnly", "./services/casefile/directory/server", "TestCountySettings",
	},
	{
		"version: of two commits of one version one wins", "internal/store/sqlite/writer.go",
		"case errors.Is(err, store.ErrExists) && i == 0:", "case false:", "./internal/store/sqlite", "TestConformance$",
	},
	{
		"version: a repeated request has one effect", "internal/rpc/mutate.go",
		"met || err != nil {\n		return base, met, err", "false {\n		return base, met, err", "./internal/rpc", "TestMutate",
	},
	{
		"version: a request id is not used for another body", "internal/store/commit.go",
		"if !r.Is(c.Method, c.Actor.Person, c.BodyHash) {", "if false && !r.Is(\"\", \"\", nil) {", "./internal/store/sqlite", "TestConformance$",
	},
	// Claims.
	{
		"claim: no sixteenth family", "services/casefile/caseload/caseload.go",
		"if c.Taken() >= limit.N {\n		return c, fault", "if false {\n		return c, fault", "./services/casefile/caseload", "TestCap|TestCaseloadMachine",
	},
	{
		"claim: no family for who can no longer log in", "services/casefile/server/people.go",
		"} else if err != nil || !p.ActiveOn(today) {", "} else if err != nil || !p.ActiveOn(today) && false {", "./services/casefile/server", "TestAFamilyIsNotGivenToAClosedAccount",
	},
	{
		"claim: a monitored family keeps its place where its county's setting counts it", "services/casefile/server/places.go",
		"return s.deps.Directory.MonitoringCounts(ctx, gmina[:4])", "return false, nil", "./services/casefile/server", "TestMonitoringCounts",
	},
	{
		"claim: a monitored family takes no place where its county's setting does not count it", "services/casefile/server/places.go",
		"return s.deps.Directory.MonitoringCounts(ctx, gmina[:4])", "return true, nil", "./services/casefile/server", "TestMonitoringDoesNotCountByDefault",
	},
	{
		"claim: a position in the feed is given once", "internal/store/sqlite/steps.go",
		"next := last + 1\n", "next := last + 2\n", "./internal/store/sqlite", "TestAppendHasNoGap",
	},
	{
		"claim: a record's id is used once", "internal/store/sqlite/writer.go",
		"case errors.Is(err, store.ErrExists) && step.Strict:", "case false:", "./internal/store/sqlite", "TestFailedJobsLeaveNothing|TestAppendHasNoGap",
	},
	// The audit.
	{
		"audit: a commit names who made it", "internal/store/commit.go",
		"if (c.Actor.Person == \"\" && c.Actor.System == \"\") || c.RecordedAt.IsZero() || c.Method == \"\" {", "if false {", "./internal/store/sqlite", "TestConformance$",
	},
	{
		"audit: a commit's hash follows the one before", "internal/store/encode.go",
		"c.Hash = chainHash(c.PrevHash, w.raw())", "c.Hash = chainHash(nil, w.raw())", "./internal/store/sqlite", "TestConformance$",
	},
	{
		"audit: a denial is written", "internal/rpc/interceptors.go",
		"		s.auditDenial(ctx, t)\n	}\n	s.logCall", "	}\n	s.logCall", "./internal/rpc", "TestDenialsAreAudited",
	},
	// The read record.
	{
		"read record: written before the answer leaves", "internal/rpc/interceptors.go",
		"if logErr := s.logReads(ctx, t, t.policy.reads && err == nil); logErr != nil {", "if logErr := error(nil); logErr != nil {", "./internal/rpc", "TestReadsAreInTheAccessLogBeforeTheAnswerLeaves",
	},
	{
		"read record: an answer waits for it", "internal/rpc/interceptors.go",
		"return fault.Unavailable(\"ACCESS_LOG\")", "return nil", "./internal/rpc", "TestReadsAreInTheAccessLogBeforeTheAnswerLeaves",
	},
	{
		"read record: of a stream's messages", "internal/rpc/stream.go",
		"if err := j.server.logReads(j.ctx, j.trail, first); err != nil {", "if err := error(nil); err != nil || first && false {", "./internal/rpc", "TestStreamIsJudgedAndLogged",
	},
	{
		"read record: a change's own line", "internal/rpc/trail.go",
		"change.Access = &line", "_ = line", "./services/casefile/workcard/server", "TestReadsAreInTheAccessLog",
	},
	{
		"read record: what a scope hands out is noted", "internal/store/scope.go",
		"note(ctx, d.Ref(), d.Gmina)\n	d.scope", "d.scope", "./internal/rpc", "TestReadsAreInTheAccessLogBeforeTheAnswerLeaves",
	},
	{
		"read record: who is told that a number is in use", "services/casefile/server/register.go",
		"					store.Note(ctx, hit.Doc)\n", "", "./services/casefile/server", "TestWhoTriesANumberIsInTheLogOfItsFile",
	},
	// Validation.
	{
		"validation: rules of the contract", "internal/rpc/judge.go",
		"if err := s.validator.check(req); err != nil {", "if err := s.validator.check(req); false {", "./internal/rpc", "TestValidationSpeaksPolishAfterAuthorization",
	},
	{
		"validation: a request id has a form", "internal/rpc/judge.go",
		"!requestIDForm.MatchString(c.RequestID)", "false", "./internal/rpc", "TestARequestIDHasAForm",
	},
	{
		"validation: nothing took place tomorrow", "internal/rpc/convert.go",
		"if err == nil && v.After(today) {", "if false {", "./internal/rpc", "TestDates",
	},
	{
		"validation: of a county its settings change and nothing else", "services/casefile/directory/server/counties.go",
		"req.GetUpdateMask(), \"settings\")", "req.GetUpdateMask(), \"settings\", \"display_name\")", "./services/casefile/directory/server", "TestCountySettings",
	},
	{
		"validation: who only tries a county's setting changes none", "services/casefile/directory/server/counties.go",
		"ValidateOnly: req.GetValidateOnly()", "ValidateOnly: false", "./services/casefile/directory/server", "TestCountySettings",
	},
	{
		"validation: no visit of today ends later than now", "services/casefile/workcard/server/convert.go",
		"out.On, s.deps.Clock()); err != nil {", "out.On, s.deps.Clock()); false {", "./services/casefile/workcard/server", "TestRecordVisitRefusals|TestCorrectVisitOfTodayIsOver",
	},
	{
		"validation: a document has a largest size", "internal/store/commit.go",
		"if len(body) > MaxDocument {\n		return Step{}, ErrTooLarge", "if false {\n		return Step{}, ErrTooLarge", "./internal/store/sqlite", "TestConformance$",
	},
	{
		"validation: of a list that is too long nothing else is asked", "internal/rpc/validate.go",
		"if err := v.lists(req); err != nil {", "if err := v.lists(req); false {", "./internal/rpc", "TestListsThatAreTooLongAreTheOnlyFault",
	},
	{
		"validation: a body holds so many objects", "gateway/limits.go",
		"bytes.Count(body, objects)+bytes.Count(body, lists) > maxParts", "false", "./gateway", "TestRefusalsOfTheGatewayItself",
	},
	{
		"validation: nobody alone takes all calls", "internal/rpc/interceptors.go",
		"leave, err := s.together.enter(t.who)", "leave, err := func() {}, error(nil)", "./internal/rpc", "TestNobodyAloneTakesAllCalls",
	},
	// The seal.
	{
		"seal: a sealed value opens in its own place alone", "internal/seal/vault.go",
		"plaintext, err := key.Decrypt(value.Cipher, bind(\"value\", file, field))", "plaintext, err := key.Decrypt(value.Cipher, bind(\"value\", \"\", \"\"))", "./internal/seal", "TestSealAndOpen|TestDoesNotOpen",
	},
	{
		"seal: what is secret is not stored in clear", "internal/seal/vault.go",
		"cipher, err := key.Encrypt([]byte(plaintext), bind(\"value\", file, field))", "cipher, err := []byte(plaintext), error(nil); _ = key", "./internal/seal", "TestSealAndOpen|TestDoesNotOpen",
	},
}
